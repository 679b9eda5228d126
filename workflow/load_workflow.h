#pragma once
// The front door of the language: text → Workflow, or what is wrong with it.

#include <optional>
#include <string>
#include <string_view>

#include "workflow/diagnostic.h"
#include "workflow/workflow.h"

namespace workflow {

/// A workflow without a problem; else nothing, and at least one diagnostic (at most ten).
struct LoadedWorkflow {
  std::optional<Workflow> workflow;
  Diagnostics diagnostics;
};
LoadedWorkflow load_workflow(const std::string& path, std::string_view text);

}  // namespace workflow
