#include "workflow/lint/lint.h"

#include <algorithm>

#include "workflow/lint/rules.h"

namespace workflow::lint {

namespace {

// Of one file; GitHub stops at ten, people who mend a file want to see all.
constexpr std::size_t kMostProblems = 1000;

bool is_disabled(const LintConfig& config, std::string_view rule) {
  return std::find(config.disabled_rules.begin(), config.disabled_rules.end(), rule) !=
         config.disabled_rules.end();
}

}  // namespace

const std::vector<Rule>& all_rules() {
  static const std::vector<Rule> rules{
      {"deprecated-commands", Severity::warning, "workflow commands that GitHub no longer obeys",
       check_deprecated_commands},
  };
  return rules;
}

Diagnostics lint(const std::string& path, std::string_view text, const ProjectFiles& files,
                 const LintConfig& config) {
  const auto draft = read_workflow(path, text, kMostProblems);
  Diagnostics problems = draft.diagnostics;
  const LintedFile file{path, text, draft, files, config};
  for (const auto& rule : all_rules()) {
    if (is_disabled(config, rule.id)) continue;
    Diagnostics findings;
    rule.check(file, findings);
    for (auto& finding : findings) {
      finding.rule = rule.id;
      finding.severity = rule.severity;
      problems.push_back(std::move(finding));
    }
  }
  std::stable_sort(problems.begin(), problems.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::pair(a.location.line, a.location.column) < std::pair(b.location.line, b.location.column);
  });
  if (problems.size() > kMostProblems) problems.resize(kMostProblems);
  return problems;
}

}  // namespace workflow::lint
