#pragma once
// What a step tells the event stream of itself: `step_started` at its start, `step_finished` with how it went
// and how long it took.

#include <string>

#include "base/clock.h"
#include "steps/log_sink.h"
#include "steps/step_result.h"

namespace steps {

class StepEvents {
 public:
  /// Publishes the start.
  StepEvents(LogSink& log, std::string name);
  void finished(const StepResult& result) const;

 private:
  LogSink& log_;
  std::string name_;
  base::SteadyTime started_;
};

}  // namespace steps
