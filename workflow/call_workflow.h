#pragma once
// A job that calls a workflow, as it runs: what the called jobs see, and what comes back. Not for reading the
// called file nor for holding the call against it (reusable_workflows).

#include <map>
#include <string>

#include "base/result.h"
#include "workflow/contexts.h"
#include "workflow/workflow.h"

namespace workflow {

/// What the jobs of `job.called` see. `caller` holds all that the calling job sees (github, inputs, vars,
/// needs, strategy, matrix) and the caller's secrets. `github` and `vars` stay the caller's; inputs have the
/// types that the called workflow declares; secrets are those passed, or all with `inherit`, and always
/// GITHUB_TOKEN (docs "Reusing workflows").
base::Result<Contexts> contexts_of_call(const Job& job, const Contexts& caller);

/// The outputs of the call: on.workflow_call.outputs evaluated. `contexts` is what the called jobs see and
/// holds `jobs` with their results and outputs. Empty ones are left out.
base::Result<EnvList> outputs_of_call(const Workflow& called, const Contexts& contexts);

}  // namespace workflow
