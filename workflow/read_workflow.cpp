#include "workflow/read_workflow.h"

#include <algorithm>

#include "workflow/check_workflow.h"
#include "workflow/parse_workflow.h"
#include "workflow/yaml_reader.h"

namespace workflow {

namespace {

void sort_by_place(Diagnostics& diagnostics) {
  const auto place = [](const Diagnostic& diagnostic) {
    return std::pair(diagnostic.location.line, diagnostic.location.column);
  };
  std::stable_sort(diagnostics.begin(), diagnostics.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return place(a) < place(b); });
}

void append(Diagnostics& all, const Diagnostics& some, std::size_t most) {
  for (const auto& diagnostic : some) {
    if (all.size() < most) all.push_back(diagnostic);
  }
}

}  // namespace

// GitHub reads a file, then converts what it read, then looks at the order of the jobs; a problem ends it
// before the next of these. People who mend a file want more: whoever asks for more problems than GitHub
// shows gets those of the conversion as well, as far as the draft can be trusted.
WorkflowDraft read_workflow(const std::string& path, std::string_view text, const LoadOptions& options,
                            SchemaReading& reading) {
  const auto& limits = options.limits;
  WorkflowDraft draft;
  auto& diagnostics = draft.diagnostics;
  YamlLimits yaml{.characters = limits.file_characters,
                  .depth = limits.depth,
                  .events = limits.yaml_events,
                  .refuse_duplicates = false};
  draft.root = read_yaml(path, text, diagnostics, yaml, &draft.anchors);
  const bool thorough = reading.most_problems > kMaxDiagnostics;
  if (!diagnostics.empty() && !(thorough && draft.root.is_mapping())) return draft;
  if (!draft.root.is_mapping()) {
    diagnostics.push_back({{path, std::max(draft.root.line, 1), std::max(draft.root.column, 1)},
                           "expected a mapping with on and jobs, found no workflow"});
    return draft;
  }
  if (options.amend) options.amend(draft.root);
  reading.bytes_left -= std::min(reading.bytes_left, weight_of_text(path));
  reading.conditions.clear();
  check_schema(path, draft.root, workflow_rule(), reading, diagnostics);
  Diagnostics found = std::move(reading.conditions);
  draft.workflow = parse_workflow(path, draft.root, found);
  const bool fits = diagnostics.empty();
  if (fits) check_workflow(draft.workflow, found);
  sort_by_place(found);
  if (fits && found.empty()) check_needs(draft.workflow, found);
  if (fits || thorough) append(diagnostics, found, reading.most_problems);
  return draft;
}

}  // namespace workflow
