#include "workflow/load_workflow.h"

#include <algorithm>

#include "workflow/check_workflow.h"
#include "workflow/parse_workflow.h"
#include "workflow/schema.h"
#include "workflow/yaml_reader.h"

namespace workflow {

LoadedWorkflow load_workflow(const std::string& path, std::string_view text) {
  LoadedWorkflow loaded;
  auto& diagnostics = loaded.diagnostics;
  const Node root = read_yaml(path, text, diagnostics);
  if (diagnostics.empty() && !root.is_mapping()) {
    diagnostics.push_back({{path, std::max(root.line, 1), std::max(root.column, 1)},
                           "expected a mapping with on and jobs, found no workflow"});
  }
  if (!root.is_mapping()) return loaded;
  check_schema(path, root, workflow_rule(), diagnostics);
  auto workflow = parse_workflow(path, root, diagnostics);
  // What does not fit the schema would be found wrong a second time.
  if (diagnostics.empty()) check_workflow(workflow, diagnostics);
  const auto place = [](const Diagnostic& diagnostic) {
    return std::pair(diagnostic.location.line, diagnostic.location.column);
  };
  std::stable_sort(diagnostics.begin(), diagnostics.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return place(a) < place(b); });
  if (diagnostics.size() > kMaxDiagnostics) diagnostics.resize(kMaxDiagnostics);
  if (diagnostics.empty()) loaded.workflow = std::move(workflow);
  return loaded;
}

}  // namespace workflow
