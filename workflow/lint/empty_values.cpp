#include <fmt/format.h>

#include <array>

#include "workflow/lint/places.h"
#include "workflow/lint/rules.h"

namespace workflow::lint {

namespace {

// Lists and mappings that mean nothing without members. GitHub takes them; who wrote them meant something.
constexpr std::array<std::string_view, 42> kSections{
    "on",
    "on/schedule",
    "on/*/types",
    "on/*/branches",
    "on/*/branches-ignore",
    "on/*/tags",
    "on/*/tags-ignore",
    "on/*/paths",
    "on/*/paths-ignore",
    "on/*/workflows",
    "on/*/names",
    "on/*/versions",
    "on/workflow_dispatch/inputs/*/options",
    "env",
    "defaults",
    "defaults/run",
    "concurrency",
    "jobs",
    "jobs/*/needs",
    "jobs/*/runs-on",
    "jobs/*/runs-on/labels",
    "jobs/*/env",
    "jobs/*/defaults",
    "jobs/*/defaults/run",
    "jobs/*/concurrency",
    "jobs/*/environment",
    "jobs/*/outputs",
    "jobs/*/strategy",
    "jobs/*/strategy/matrix",
    "jobs/*/strategy/matrix/*",
    "jobs/*/container/env",
    "jobs/*/container/credentials",
    "jobs/*/services",
    "jobs/*/services/*/env",
    "jobs/*/services/*/credentials",
    "jobs/*/snapshot",
    "jobs/*/steps",
    "jobs/*/steps/[]",
    "jobs/*/steps/[]/env",
    "jobs/*/steps/[]/with",
    "jobs/*/with",
    "jobs/*/secrets",
};

// Texts that mean nothing when they are empty.
constexpr std::array<std::string_view, 28> kTexts{
    "on",
    "on/*/types/[]",
    "on/*/branches/[]",
    "on/*/branches-ignore/[]",
    "on/*/tags/[]",
    "on/*/tags-ignore/[]",
    "on/*/paths/[]",
    "on/*/paths-ignore/[]",
    "on/workflow_dispatch/inputs/*/options/[]",
    "on/workflow_call/outputs/*/value",
    "run-name",
    "concurrency/group",
    "jobs/*/if",
    "jobs/*/uses",
    "jobs/*/needs/[]",
    "jobs/*/concurrency/group",
    "jobs/*/environment",
    "jobs/*/environment/name",
    "jobs/*/environment/url",
    "jobs/*/snapshot/image-name",
    "jobs/*/snapshot/version",
    "jobs/*/snapshot/if",
    "jobs/*/steps/[]/id",
    "jobs/*/steps/[]/if",
    "jobs/*/steps/[]/run",
    "jobs/*/steps/[]/uses",
    "jobs/*/steps/[]/shell",
    "jobs/*/steps/[]/working-directory",
};

}  // namespace

void check_empty_values(const LintedFile& file, Diagnostics& findings) {
  for (const auto& path : kSections) {
    for_each_at(file.draft.root, path, [&](const Node& key, const Node& value) {
      const bool list = value.is_sequence() && value.items.empty();
      const bool mapping = value.is_mapping() && value.members.empty();
      if (list || mapping || value.kind == NodeKind::null)
        report(file, findings, value, fmt::format("'{}' is empty; fill it in or leave it out", key.text));
    });
  }
  for (const auto& path : kTexts) {
    for_each_at(file.draft.root, path, [&](const Node& key, const Node& value) {
      const bool empty =
          value.kind == NodeKind::null || (value.kind == NodeKind::string && value.text.empty());
      if (!empty) return;
      const bool item = path.ends_with("[]");
      report(file, findings, value,
             item ? std::string("the item is empty; fill it in or leave it out")
                  : fmt::format("'{}' is empty; fill it in or leave it out", key.text));
    });
  }
}

}  // namespace workflow::lint
