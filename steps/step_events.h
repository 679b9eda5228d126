#pragma once
// What a step tells the event stream of itself: `step_started` at its start, `step_finished` with how it went
// and how long it took.

#include <string>

#include "base/clock.h"
#include "steps/log_sink.h"
#include "steps/step_result.h"

namespace steps {

/// Whose step it is. The runner's own (`Set up job`, `Complete job`) say in their events `"by": "runner"`:
/// who shows a run to people leaves them out as long as they have nothing to tell.
enum class StepOwner { workflow, runner };

class StepEvents {
 public:
  /// Publishes the start.
  StepEvents(LogSink& log, std::string name, StepOwner owner = StepOwner::workflow);
  void finished(const StepResult& result) const;

 private:
  LogSink& log_;
  std::string name_;
  StepOwner owner_;
  base::SteadyTime started_;
};

}  // namespace steps
