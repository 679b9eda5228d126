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

/// Runs them and brings job.status and the `steps` context up to date. An Error means the runner itself could
/// not go on.
base::Result<void> run_steps(const std::vector<workflow::Step>& steps, RunningJob& job, const StepLogs& logs);

}  // namespace steps
