#pragma once
// The environment of a step's processes, in the runner's order: job, step, then what no step may override
// (actions/runner GitHubContext.cs, Handler.cs). Not for expressions' `env` context.

#include <map>
#include <string>
#include <string_view>

#include "steps/running_job.h"
#include "workflow/expression/value.h"

namespace steps {

/// INPUT_<NAME>: spaces become underscores, letters upper case, nothing else changes.
std::string input_variable(std::string_view name);

/// What a step gives to its processes wherever they run: `environment` (job and step env) below GITHUB_*,
/// RUNNER_* and CI, and the pair that asks for OIDC tokens.
sandbox::EnvVars step_variables(const RunningJob& job, const OrderedVariables& environment,
                                const workflow::expression::Value& github,
                                const workflow::expression::Value& runner);

/// The same for processes in the job's own sandbox: over the job's base, with PATH.
sandbox::EnvVars process_environment(const RunningJob& job, const OrderedVariables& environment,
                                     const workflow::expression::Value& github,
                                     const workflow::expression::Value& runner);

}  // namespace steps
