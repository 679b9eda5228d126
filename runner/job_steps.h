#pragma once
// The steps of one job with all that is around them: the machine's hooks, snapshots before each, the shell
// that somebody asked for. Not for folders, sandbox and services (job_runner).

#include <functional>
#include <memory>
#include <optional>

#include "base/result.h"
#include "runner/job_log.h"
#include "runner/job_snapshots.h"
#include "runner/run_options.h"
#include "steps/running_job.h"

namespace runner {

enum class ShellUse {
  none,
  on_failure,  ///< after each step that fails, before the job goes on
  instead,     ///< in the place of the first step to run; no step is run
};

/// What somebody wants of the jobs besides running them.
struct Visit {
  std::optional<ResumePoint> resume;  ///< that job begins there
  ShellUse shell = ShellUse::none;
  int shell_step = 0;  ///< whose environment a shell `instead` has
  bool take_snapshots = true;
  /// The W3C trace context that the programs of a step go on with (TRACEPARENT); absent: none.
  std::function<std::string(const std::string& job, int step)> trace_parent;
};

/// Runs the steps and brings job.status up to date. Makes a log for each step with `open_log`.
base::Result<void> run_job_steps(steps::RunningJob& job, JobLog& log, const Visit& visit,
                                 const base::Path& run_folder,
                                 const std::function<std::unique_ptr<JobLog>()>& open_log);

}  // namespace runner
