#pragma once
// JavaScript actions, run by the machine's node in the job's sandbox (actions/runner
// NodeScriptActionHandler.cs).

#include "base/result.h"
#include "steps/action_source.h"
#include "steps/step_run.h"

namespace steps {

/// Runs pre (of a remote action) and main; registers post.
base::Result<StepEffects> run_node_action(StepRun& run, const LoadedAction& action);

}  // namespace steps
