#pragma once
// The inputs of workflow_dispatch: what was given held against what is declared.

#include <map>
#include <string>

#include "base/result.h"
#include "workflow/expression/value.h"
#include "workflow/workflow.h"

namespace workflow {

/// The `inputs` context: every declared input with its type, defaults filled in. An Error names the input
/// that is unknown, missing though required, or of the wrong type, and what was expected.
base::Result<expression::Value> dispatch_inputs(const Workflow& workflow,
                                                const std::map<std::string, std::string>& given);

}  // namespace workflow
