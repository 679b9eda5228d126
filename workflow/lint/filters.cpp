#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/strings.h"
#include "workflow/lint/pattern_problems.h"
#include "workflow/lint/places.h"
#include "workflow/lint/rules.h"

namespace workflow::lint {

namespace {

struct PatternPlace {
  std::string_view path;
  PatternKind kind;
};

constexpr std::array<PatternPlace, 9> kPatterns{{{"on/*/branches", PatternKind::ref},
                                                 {"on/*/branches-ignore", PatternKind::ref},
                                                 {"on/*/tags", PatternKind::ref},
                                                 {"on/*/tags-ignore", PatternKind::ref},
                                                 {"on/*/paths", PatternKind::path},
                                                 {"on/*/paths-ignore", PatternKind::path},
                                                 {"on/image_version/names", PatternKind::text},
                                                 {"on/image_version/versions", PatternKind::text},
                                                 {"jobs/*/snapshot/version", PatternKind::text}}};

void check_pattern(const LintedFile& file, const Node& pattern, PatternKind kind, Diagnostics& findings) {
  if (!pattern.is_scalar() || holds_expression(pattern)) return;
  const auto problems = problems_of_pattern(pattern.text, kind);
  if (problems.empty()) return;
  report(file, findings, pattern,
         fmt::format("the pattern '{}' is wrong: {}", base::trim(pattern.text), base::join(problems, "; ")));
}

}  // namespace

void check_filter_patterns(const LintedFile& file, Diagnostics& findings) {
  for (const auto& place : kPatterns) {
    for_each_at(file.draft.root, place.path, [&](const Node&, const Node& patterns) {
      check_pattern(file, patterns, place.kind, findings);
      for (const auto& pattern : patterns.items) check_pattern(file, pattern, place.kind, findings);
    });
  }
}

void check_negated_filters(const LintedFile& file, Diagnostics& findings) {
  const auto is_negated = [](const Node& pattern) { return pattern.text.starts_with('!'); };
  for (const std::string_view name : {"branches", "tags", "paths"}) {
    for_each_at(file.draft.root, fmt::format("on/*/{}", name), [&](const Node& key, const Node& patterns) {
      const bool only = patterns.is_sequence()
                            ? !patterns.items.empty() &&
                                  std::all_of(patterns.items.begin(), patterns.items.end(), is_negated)
                            : is_negated(patterns);
      if (!only) return;
      report(file, findings, key,
             fmt::format("'{}' holds only patterns with '!', which take away from what others match: nothing "
                         "matches. Use '{}-ignore', or begin with '**'",
                         name, name));
    });
  }
}

}  // namespace workflow::lint
