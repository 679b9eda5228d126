#pragma once
// All actions of other repositories that a job uses, those in its composite actions too, fetched and read
// before its first step runs (actions/runner ActionManager.cs PrepareActionsAsync). Not for running them.

#include <vector>

#include "base/result.h"
#include "steps/action_uses.h"

namespace steps {

/// Where the file that a step is written in comes from: what `$/path` in it means.
struct ActionOrigin {
  std::string repository;
  std::string ref;
};
/// Of the job's own workflow.
ActionOrigin origin_of_job(const RunningJob& job);

/// Fetches what the job's steps use, at most nine composite actions deep, and remembers it in the job. Says
/// so in its log. An Error names the `uses` that cannot be had.
base::Result<void> prepare_job_actions(const std::vector<workflow::Step>& steps, RunningJob& job);

/// The same for a composite action of the workspace, which is known only when it runs.
base::Result<void> prepare_local_action(ActionUse& use, RunningJob& job);

}  // namespace steps
