// The linter against the findings of actionlint: the same lines, under rules of the same meaning. What
// shellcheck and pyflakes say of scripts is not here: they are run by the binary, and its test has them.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "conformance_data.h"
#include "workflow/lint/lint.h"

namespace workflow::lint {
namespace {

/// For each rule of actionlint the rules of ours that mean the same. GitHub's own errors are "syntax", under
/// whatever rule another linter has them.
const std::map<std::string, std::set<std::string_view>>& meanings() {
  static const std::map<std::string, std::set<std::string_view>> table{
      {"action",
       {"action-format", "action-inputs", "action-metadata",
        "action-runtime",  // GitHub runs them on a newer node
        "known-action-inputs", "missing-action", "syntax"}},
      {"credentials", {"plain-credentials"}},
      {"deprecated-commands", {"deprecated-commands"}},
      {"env-var", {"env-var", "syntax"}},
      {"events", {"events", "inputs", "schedule", "syntax"}},
      {"expression",
       {"expression-type", "format-arguments", "json-text", "script-injection", "syntax",
        "unknown-property"}},
      {"glob", {"glob", "syntax"}},
      {"id", {"id", "syntax"}},
      {"if-cond", {"condition-in-text", "constant-condition", "syntax"}},
      {"job-needs", {"needed-jobs", "needs", "syntax"}},
      {"matrix", {"matrix", "syntax"}},
      {"permissions", {"permissions", "syntax"}},
      {"runner-label", {"runner-label", "runner-label-conflict"}},
      {"shell-name", {"shell", "syntax"}},
      {"syntax-check",
       {"anchor", "container", "empty", "events", "ignored-key", "merge-key", "numbers", "schedule",
        "syntax"}},
      {"workflow-call", {"called-workflow", "syntax"}},
  };
  return table;
}

/// Warnings of ours that no rule of actionlint has: style and security that it has no opinion of. They may
/// stand in workflows that it finds good.
const std::set<std::string_view>& own_warnings() {
  static const std::set<std::string_view> ids{
      "action-runtime",         // GitHub runs them on a newer node
      "concurrency-matrix",     // jobs of a matrix in one group
      "default-variable",       // env: GITHUB_SHA has no effect
      "deprecated-input",       // says its action
      "environment-url",        // GitHub shows it, but not as a link
      "impossible-comparison",  // GitHub compares, and never finds it
      "inherited-secrets",      // security
      "matrix-include",         // includes that the matrix has already
      "misplaced-if",           // env: if
      "missing-permission",     // security
      "negated-filter",         // docs: `!` needs a pattern without it
      "unneeded-id-token",      // security
      "unpinned-action",        // security
      "unreachable-job",        // it needs a job that is switched off
  };
  return ids;
}

struct Expected {
  int line = 0;  ///< 0: of the whole file
  std::string rule;
  std::string text;
};

// `test.yaml:LINE:COL: message [rule]`, or the same as a regular expression between slashes.
std::vector<Expected> expected_of(const std::string& out) {
  static const std::regex form(R"(^/?\^?test\\?\.yaml:(\d+):\d+: .*\[([a-z-]+?)\\?\]\$?/?$)");
  std::vector<Expected> expected;
  std::istringstream stream(out);
  for (std::string line; std::getline(stream, line);) {
    std::smatch match;
    if (!std::regex_match(line, match, form)) continue;
    const auto rule = match[2].str();
    if (rule != "shellcheck" && rule != "pyflakes")
      expected.push_back({std::stoi(match[1].str()), rule, line});
  }
  return expected;
}

Diagnostics lint_file(const base::Path& file) {
  return lint("test.yaml", content_of(file), ProjectFiles{}, LintConfig{});
}

bool is_found(const Expected& expected, const Diagnostics& findings) {
  const auto rules = meanings().find(expected.rule);
  if (rules == meanings().end()) return false;
  return std::any_of(findings.begin(), findings.end(), [&](const Diagnostic& finding) {
    const bool here = expected.line == 0 || finding.location.line == expected.line;
    return here && rules->second.count(finding.rule) > 0;
  });
}

struct Score {
  int expected = 0;
  int found = 0;
};

// A key that is missing stands nowhere. GitHub points at the first line of what lacks it, and so do we;
// actionlint at the key above, and at the job whose needs do not exist.
bool is_said_below(const Expected& expected, const Diagnostics& findings) {
  constexpr int kNear = 2;
  const bool key = expected.text.find(" is missing") != std::string::npos ||
                   expected.text.find("must have") != std::string::npos;
  const bool job = expected.text.find("does not exist in this workflow") != std::string::npos;
  return std::any_of(findings.begin(), findings.end(), [&](const Diagnostic& finding) {
    const int below = finding.location.line - expected.line;
    const bool missing = finding.message.starts_with("Required property is missing") ||
                         finding.message.starts_with("There's not enough info");
    const bool unknown = finding.message.find("depends on unknown job") != std::string::npos;
    return below > 0 && below <= kNear && ((key && missing) || (job && unknown));
  });
}

struct Outcome {
  std::map<std::string, Score> by_rule;
  Score all;
  int elsewhere = 0;  ///< found where GitHub places it
  std::string missing;
};

void compare(const std::string& folder, Outcome& outcome) {
  for (const auto& file : files_below(conformance_folder(folder), {".yaml", ".yml"})) {
    auto out = file;
    out.replace_extension(".out");
    if (!base::exists(out)) continue;
    const auto findings = lint_file(file);
    for (const auto& expected : expected_of(content_of(out))) {
      const bool found = is_found(expected, findings);
      for (Score* score : {&outcome.by_rule[expected.rule], &outcome.all}) {
        ++score->expected;
        score->found += found ? 1 : 0;
      }
      const bool elsewhere = !found && is_said_below(expected, findings);
      outcome.elsewhere += elsewhere ? 1 : 0;
      if (!found && !elsewhere)
        outcome.missing += fmt::format("  {}/{}: {}\n", folder, file.filename().string(), expected.text);
    }
  }
}

// What is missing are keys that stand together with others that exclude them (we name the second, as GitHub
// does), and lines about files of a project that the data does not have.
constexpr int kFloorInPercent = 95;

TEST(LintConformance, FindsWhatActionlintFindsAtTheSameLine) {
  SKIP_WITHOUT_CONFORMANCE_DATA("actionlint-err");
  Outcome outcome;
  for (const auto* folder : {"actionlint-err", "actionlint-examples"}) compare(folder, outcome);
  for (const auto& [rule, score] : outcome.by_rule)
    std::cout << fmt::format("actionlint [{}]: {} expected, {} found\n", rule, score.expected, score.found);
  std::cout << fmt::format(
      "actionlint-err and -examples: {} passed, {} failed, {} listed differences (said where GitHub says "
      "it)\n{}",
      outcome.all.found, outcome.all.expected - outcome.all.found - outcome.elsewhere, outcome.elsewhere,
      outcome.missing);
  EXPECT_GT(outcome.all.expected, 0);
  EXPECT_GE(outcome.all.found * 100, outcome.all.expected * kFloorInPercent);
}

/// Of a folder whose workflows are good: prints the one line, and what was found all the same.
void expect_nothing_of(const std::string& folder, bool (*is_wrong)(const Diagnostic&)) {
  int passed = 0;
  std::string wrong;
  int failed = 0;
  for (const auto& file : files_below(conformance_folder(folder), {".yaml", ".yml"})) {
    const auto before = wrong.size();
    for (const auto& finding : lint_file(file)) {
      if (is_wrong(finding))
        wrong += fmt::format("{}/{}: {} [{}]\n", folder, file.filename().string(), to_string(finding),
                             finding.rule);
    }
    ++(wrong.size() == before ? passed : failed);
  }
  std::cout << fmt::format("{}: {} passed, {} failed, 0 listed differences\n", folder, passed, failed);
  EXPECT_GT(passed, 0);
  EXPECT_EQ(wrong, "");
}

TEST(LintConformance, FindsNothingInWhatActionlintFindsGood) {
  SKIP_WITHOUT_CONFORMANCE_DATA("actionlint-ok");
  expect_nothing_of("actionlint-ok", [](const Diagnostic& finding) {
    return finding.severity == Severity::error || own_warnings().count(finding.rule) == 0;
  });
}

TEST(LintConformance, FindsNoErrorInStarterWorkflows) {
  SKIP_WITHOUT_CONFORMANCE_DATA("starter-workflows");
  expect_nothing_of("starter-workflows",
                    [](const Diagnostic& finding) { return finding.severity == Severity::error; });
}

}  // namespace
}  // namespace workflow::lint
