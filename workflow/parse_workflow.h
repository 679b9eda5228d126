#pragma once
// Nodes that passed the schema → Workflow, and the steps of composite actions likewise.

#include "workflow/diagnostic.h"
#include "workflow/workflow.h"

namespace workflow {

Workflow parse_workflow(const std::string& path, const Node& root, Diagnostics& diagnostics);
/// Gives steps without an id a generated one (IdBuilder of actions/runner).
std::vector<Step> parse_steps(const std::string& file, const Node& sequence, Diagnostics& diagnostics);

}  // namespace workflow
