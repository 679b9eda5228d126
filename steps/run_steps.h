#pragma once
// All steps of a job in their order, those beside it included (`background`, `wait`, `wait-all`, `cancel`,
// `parallel`), then the post steps, last registered first. Not for one step (run_step).

#include <functional>
#include <memory>
#include <vector>

#include "base/result.h"
#include "steps/log_sink.h"
#include "steps/running_job.h"

namespace steps {

/// Where what steps say goes, by their number in the job (1-based).
struct StepLogs {
  std::function<void(int number)> enter;  ///< what job.log gets from now on is of this step
  std::function<std::unique_ptr<LogSink>(int number)> open;  ///< a log beside it, for a background step
};

/// Who looks on while a job's own steps run. Absent functions are nobody.
struct StepWatch {
  /// Before each of them, also one that will be skipped.
  std::function<void(const workflow::Step&, int number)> before;
  /// After each that ran beside no other.
  std::function<void(const workflow::Step&, int number, const StepResult&)> after;
  int first = 1;  ///< the steps before this one ran earlier: only their numbers count
};

/// Runs them and brings job.status and the `steps` context up to date. The actions that they use have been
/// prepared (prepare_actions). An Error means the runner itself could
/// not go on.
base::Result<void> run_steps(const std::vector<workflow::Step>& steps, RunningJob& job, const StepLogs& logs,
                             const StepWatch& watch = {});
/// How many numbers a step of the job takes: those of a `parallel` group have one each.
int numbers_of(const workflow::Step& step);

}  // namespace steps
