#include "workflow/load_workflow.h"

#include <algorithm>

#include "workflow/check_workflow.h"
#include "workflow/parse_workflow.h"
#include "workflow/schema.h"

namespace workflow {

WorkflowDraft read_workflow(const std::string& path, std::string_view text, std::size_t most_problems) {
  WorkflowDraft draft;
  auto& diagnostics = draft.diagnostics;
  draft.root = read_yaml(path, text, diagnostics, {}, &draft.anchors);
  const Node& root = draft.root;
  if (diagnostics.empty() && !root.is_mapping()) {
    diagnostics.push_back({{path, std::max(root.line, 1), std::max(root.column, 1)},
                           "expected a mapping with on and jobs, found no workflow"});
  }
  if (!root.is_mapping()) return draft;
  check_schema(path, root, workflow_rule(), diagnostics, most_problems);
  draft.workflow = parse_workflow(path, root, diagnostics);
  // What does not fit the schema would be found wrong a second time.
  if (diagnostics.empty()) check_workflow(draft.workflow, diagnostics);
  const auto place = [](const Diagnostic& diagnostic) {
    return std::pair(diagnostic.location.line, diagnostic.location.column);
  };
  std::stable_sort(diagnostics.begin(), diagnostics.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return place(a) < place(b); });
  if (diagnostics.size() > most_problems) diagnostics.resize(most_problems);
  return draft;
}

LoadedWorkflow load_workflow(const std::string& path, std::string_view text) {
  auto draft = read_workflow(path, text);
  LoadedWorkflow loaded{.diagnostics = std::move(draft.diagnostics)};
  if (loaded.diagnostics.empty()) loaded.workflow = std::move(draft.workflow);
  return loaded;
}

}  // namespace workflow
