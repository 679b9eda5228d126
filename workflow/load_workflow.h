#pragma once
// The front door of the language: text → Workflow, or what is wrong with it.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "workflow/diagnostic.h"
#include "workflow/schema.h"
#include "workflow/workflow.h"
#include "workflow/yaml_reader.h"

namespace workflow {

/// A workflow as far as it could be read. Linters go on where a run cannot.
struct WorkflowDraft {
  Node root;  ///< absent when the text is no YAML
  std::vector<Anchor> anchors;
  Workflow workflow;
  Diagnostics diagnostics;  ///< in the order of the file, at most `most_problems`
};
WorkflowDraft read_workflow(const std::string& path, std::string_view text,
                            std::size_t most_problems = kMaxDiagnostics);

/// A workflow without a problem; else nothing, and at least one diagnostic (at most ten).
struct LoadedWorkflow {
  std::optional<Workflow> workflow;
  Diagnostics diagnostics;
};
LoadedWorkflow load_workflow(const std::string& path, std::string_view text);

}  // namespace workflow
