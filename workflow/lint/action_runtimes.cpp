#include <fmt/format.h>

#include "workflow/lint/local_references.h"
#include "workflow/lint/rules.h"
#include "workflow/lint/used_actions.h"

namespace workflow::lint {

namespace {

// GitHub removed node12 and node16 from its runners, and `plugin` long before; it runs such actions on a
// newer node, which they were not made for (github.blog changelog 2023-09-22, 2024-09-25).
bool is_too_old(std::string_view runtime) {
  return runtime == "node12" || runtime == "node16" || runtime == "plugin";
}

}  // namespace

void check_action_runtimes(const LintedFile& file, Diagnostics& findings) {
  every_used_action(file, [&](const Job&, const Step& step) {
    const auto report = [&](std::string message) {
      findings.push_back({{file.path, step.uses->line, step.uses->column}, std::move(message)});
    };
    if (const auto known = known_action_of(file, *step.uses); known && is_too_old(known->runtime)) {
      report(fmt::format("'{}' runs on {}, which runners no longer have; use v{}, the newest known here",
                         step.uses->text, known->runtime, known->newest_major));
    } else if (const auto* local = file.local.find_action(step.uses->text)) {
      const auto& runtime = local->draft.action.using_version;
      if (is_too_old(runtime))
        report(
            fmt::format("the action '{}' runs on {}, which runners no longer have; say `using: node24` in {}",
                        step.uses->text, runtime, local->path));
    }
  });
}

}  // namespace workflow::lint
