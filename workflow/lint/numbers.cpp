#include <fmt/format.h>

#include <cmath>

#include "workflow/lint/places.h"
#include "workflow/lint/rules.h"

namespace workflow::lint {

void check_numbers(const LintedFile& file, Diagnostics& findings) {
  const Node& root = file.draft.root;
  const auto above_zero = [&](const Node& key, const Node& value) {
    if (value.kind == NodeKind::number && !(number_of(value) > 0))
      report(file, findings, value, fmt::format("'{}' is {}; expected more than zero", key.text, value.text));
  };
  for (const std::string_view path :
       {"jobs/*/timeout-minutes", "jobs/*/cancel-timeout-minutes", "jobs/*/steps/[]/timeout-minutes",
        "jobs/*/steps/[]/parallel/[]/timeout-minutes", "jobs/*/strategy/max-parallel"}) {
    for_each_at(root, path, above_zero);
  }
  for_each_at(root, "jobs/*/strategy/max-parallel", [&](const Node& key, const Node& value) {
    if (value.kind == NodeKind::number && number_of(value) > 0 &&
        std::floor(number_of(value)) != number_of(value))
      report(file, findings, value, fmt::format("'{}' is {}; expected a whole number", key.text, value.text));
  });
}

}  // namespace workflow::lint
