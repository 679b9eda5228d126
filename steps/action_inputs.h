#pragma once
// The inputs of an action with action.yml: what the step gives over the declared defaults.

#include "base/result.h"
#include "steps/action_source.h"
#include "steps/step_run.h"

namespace steps {

/// First those given, then the declared ones that are left (actions/runner ActionRunner). Warns of deprecated
/// and undeclared ones, once for each step.
base::Result<Outputs> action_inputs(StepRun& run, const LoadedAction& action);

}  // namespace steps
