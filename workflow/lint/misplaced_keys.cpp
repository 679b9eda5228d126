#include <fmt/format.h>

#include "workflow/lint/places.h"
#include "workflow/lint/rules.h"

namespace workflow::lint {

void check_ignored_keys(const LintedFile& file, Diagnostics& findings) {
  for_each_at(file.draft.root, "on/workflow_dispatch/*", [&](const Node& key, const Node&) {
    if (key.text == "inputs") return;
    report(file, findings, key,
           fmt::format("GitHub reads past '{}': 'workflow_dispatch' has no key but 'inputs'", key.text));
  });
}

void check_misplaced_conditions(const LintedFile& file, Diagnostics& findings) {
  for (const std::string_view path : {"env/if", "jobs/*/env/if", "jobs/*/steps/[]/env/if"}) {
    for_each_at(file.draft.root, path, [&](const Node& key, const Node&) {
      report(file, findings, key,
             "'if' is an environment variable here, no condition; jobs and steps have conditions");
    });
  }
  for (const std::string_view path : {"jobs/*/with/if", "jobs/*/steps/[]/with/if"}) {
    for_each_at(file.draft.root, path, [&](const Node& key, const Node&) {
      report(file, findings, key, "'if' is an input here, no condition; jobs and steps have conditions");
    });
  }
}

void check_environment_urls(const LintedFile& file, Diagnostics& findings) {
  for_each_at(file.draft.root, "jobs/*/environment/url", [&](const Node&, const Node& url) {
    const bool known = url.text.empty() || url.text.starts_with("http://") ||
                       url.text.starts_with("https://") || url.text.starts_with("${{");
    if (!url.is_scalar() || known) return;
    report(file, findings, url,
           fmt::format("'{}' is not shown as a link: expected a URL that begins with https:// or http://",
                       url.text));
  });
}

}  // namespace workflow::lint
