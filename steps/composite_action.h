#pragma once
// Composite actions: steps within a step, with inputs, outputs and a `steps` context of their own
// (actions/runner CompositeActionHandler.cs).

#include "base/result.h"
#include "steps/action_source.h"
#include "steps/step_run.h"

namespace steps {

base::Result<StepEffects> run_composite_action(StepRun& run, const LoadedAction& action);

}  // namespace steps
