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

/// `github.event.inputs` of the same: every declared input as text, as it was given or as its default is
/// written. Only of what dispatch_inputs() takes.
expression::Value dispatch_event_inputs(const Workflow& workflow,
                                        const std::map<std::string, std::string>& given);

/// What a payload's `inputs` give, as texts.
std::map<std::string, std::string> given_inputs(const expression::Value& payload);

}  // namespace workflow
