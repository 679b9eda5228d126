#include "workflow/load_workflow.h"

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
    diagnostics.push_back(
        {{path, root.line, root.column}, "expected a mapping with on and jobs, found no workflow"});
  }
  if (diagnostics.empty()) check_schema(path, root, workflow_rule(), diagnostics);
  if (!diagnostics.empty()) return loaded;
  auto workflow = parse_workflow(path, root, diagnostics);
  if (diagnostics.empty()) check_workflow(workflow, diagnostics);
  if (diagnostics.size() > kMaxDiagnostics) diagnostics.resize(kMaxDiagnostics);
  if (diagnostics.empty()) loaded.workflow = std::move(workflow);
  return loaded;
}

}  // namespace workflow
