#pragma once
// The inputs of an action with action.yml: what the step gives over the declared defaults.

#include <map>
#include <string>

#include "base/result.h"
#include "steps/action_source.h"
#include "steps/step_run.h"

namespace steps {

/// By name as declared, or as given when it is not declared (which is warned of).
base::Result<std::map<std::string, std::string>> action_inputs(const StepRun& run,
                                                               const LoadedAction& action);

}  // namespace steps
