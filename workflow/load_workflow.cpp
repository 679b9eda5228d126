#include "workflow/load_workflow.h"

#include <algorithm>

#include "workflow/read_workflow.h"
#include "workflow/reusable_workflows.h"

namespace workflow {

WorkflowDraft read_workflow(const std::string& path, std::string_view text, std::size_t most_problems) {
  SchemaReading reading{.most_problems = most_problems};
  return read_workflow(path, text, LoadOptions{}, reading);
}

LoadedWorkflow load_workflow(const std::string& path, std::string_view text, const LoadOptions& options) {
  SchemaReading reading{.bytes_left = options.limits.result_bytes};
  auto draft = read_workflow(path, text, options, reading);
  LoadedWorkflow loaded{.diagnostics = std::move(draft.diagnostics), .files = {path}};
  if (!loaded.diagnostics.empty()) return loaded;
  draft.workflow.root = std::make_shared<const Node>(std::move(draft.root));
  load_called_workflows(draft.workflow, options, reading, loaded);
  if (loaded.diagnostics.empty()) loaded.workflow = std::move(draft.workflow);
  return loaded;
}

}  // namespace workflow
