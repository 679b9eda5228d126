#pragma once
// Composite actions: steps within a step, with inputs, outputs and a `steps` context of their own
// (actions/runner CompositeActionHandler.cs).

#include "base/result.h"
#include "steps/action_uses.h"
#include "steps/step_run.h"

namespace steps {

/// Runs the part of the action that `run.scope.stage` names.
base::Result<StepEffects> run_composite_action(StepRun& run, const std::shared_ptr<ActionUse>& use);

}  // namespace steps
