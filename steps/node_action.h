#pragma once
// JavaScript actions, run by the machine's node in the job's sandbox (actions/runner
// NodeScriptActionHandler.cs).

#include "base/result.h"
#include "steps/action_uses.h"
#include "steps/step_run.h"

namespace steps {

/// Runs the part of the action that `run.scope.stage` names; pre and main register post.
base::Result<StepEffects> run_node_action(StepRun& run, const std::shared_ptr<ActionUse>& use);

}  // namespace steps
