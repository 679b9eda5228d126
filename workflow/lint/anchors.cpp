#include <fmt/format.h>

#include "workflow/lint/places.h"
#include "workflow/lint/rules.h"

namespace workflow::lint {

namespace {

void check_merge_keys(const LintedFile& file, const Node& node, Diagnostics& findings) {
  for (const auto& [key, value] : node.members) {
    if (key.text == "<<")
      report(file, findings, key,
             "GitHub knows no merge keys: '<<' is taken for a key of that name. Write the keys out");
    check_merge_keys(file, value, findings);
  }
  for (const auto& item : node.items) check_merge_keys(file, item, findings);
}

}  // namespace

void check_anchors(const LintedFile& file, Diagnostics& findings) {
  for (const auto& anchor : file.draft.anchors) {
    if (anchor.used) continue;
    const Node place{.kind = NodeKind::null, .line = anchor.line, .column = anchor.column};
    report(file, findings, place, fmt::format("no alias refers to the anchor '&{}'", anchor.name));
  }
}

void check_merge_keys(const LintedFile& file, Diagnostics& findings) {
  check_merge_keys(file, file.draft.root, findings);
}

}  // namespace workflow::lint
