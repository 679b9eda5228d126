#pragma once
// The log of one job: masks every line and field, then publishes it. The one LogSink of real runs.

#include <atomic>
#include <string>

#include "runner/run_event.h"
#include "runner/running_steps.h"
#include "steps/log_sink.h"
#include "steps/secret_masker.h"

namespace runner {

class JobLog : public steps::LogSink {
 public:
  JobLog(std::string job, EventStream& stream, const steps::SecretMasker& masker);
  void line(steps::LineKind kind, std::string_view text) override;
  void output(std::string_view lines) override;
  void annotation(const steps::Annotation& annotation) override;
  void event(std::string_view type, const base::Json& details) override;
  /// What comes from now on belongs to this step (1-based; 0 is the job itself).
  void enter_step(int step) { step_ = step; }
  /// Keeps note of the steps that run; nullptr does not.
  void watch_steps(RunningSteps* running) { running_ = running; }

 private:
  std::string job_;
  EventStream& stream_;
  const steps::SecretMasker& masker_;
  std::atomic<int> step_ = 0;
  RunningSteps* running_ = nullptr;
};

}  // namespace runner
