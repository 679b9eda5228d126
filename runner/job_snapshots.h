#pragma once
// A job as it was before each of its steps, so that a shell or a later attempt can begin there: workspace,
// environment, contexts. Kept only for jobs that did not pass. Secrets are not: who begins there gives them
// again. Not for how files are kept (workspace_snapshots).

#include <memory>
#include <string>
#include <vector>

#include "base/json_fwd.h"
#include "base/result.h"
#include "runner/workspace_snapshots.h"
#include "steps/running_job.h"

namespace runner {

/// Where the snapshots of a run's jobs are.
base::Path snapshots_folder(const base::Path& run_folder, const std::string& job);

/// Whether there is anything to begin at.
bool has_snapshots(const base::Path& folder);

class JobSnapshots {
 public:
  /// Before the first step; `job` is as it is then.
  JobSnapshots(base::Path folder, const steps::RunningJob& job);
  /// Removes what finish() did not keep.
  ~JobSnapshots();
  JobSnapshots(const JobSnapshots&) = delete;
  JobSnapshots& operator=(const JobSnapshots&) = delete;

  /// Before a step, or at the end with the number after the last one.
  void take(int step, const steps::RunningJob& job);
  /// Writes all that was taken, without secrets. Returns what a user should know of it; "" is nothing.
  base::Result<std::string> keep(const steps::RunningJob& job);

 private:
  struct State;
  base::Path folder_;
  WorkspaceSnapshots workspace_;
  steps::OrderedVariables first_environment_;
  std::vector<State> states_;
  int off_since_ = 0;  ///< the first step whose workspace is not kept; 0: all are
  bool kept_ = false;
};

/// A place in an earlier attempt's job.
struct ResumePoint {
  std::string job;    ///< its key
  int step = 1;       ///< the first that is to run
  base::Path folder;  ///< of its snapshots
};

/// Brings a job that has not begun to that place: the workspace, the steps' outputs, what earlier steps added
/// to the environment. Says in the job's log what could not be brought back.
base::Result<void> resume(const ResumePoint& point, steps::RunningJob& job);

}  // namespace runner
