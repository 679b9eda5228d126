#pragma once
// One rule of the linter on a workflow that stands in the test.

#include <fmt/format.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "workflow/lint/lint.h"

namespace workflow::lint {

using FileTexts = std::map<std::string, std::string>;

inline ProjectFiles project_of(const FileTexts& files) {
  return {.read = [files](const std::string& path) -> std::optional<std::string> {
    const auto found = files.find(path);
    if (found == files.end()) return std::nullopt;
    return found->second;
  }};
}

/// What the rule finds, in the order of the file.
inline Diagnostics findings_of(std::string_view rule, const std::string& text, const ProjectFiles& files = {},
                               const LintConfig& config = {}) {
  Diagnostics found;
  for (auto& finding : lint(".github/workflows/test.yml", text, files, config)) {
    if (finding.rule == rule) found.push_back(std::move(finding));
  }
  return found;
}

/// The lines at which the rule finds something.
inline std::vector<int> lines_of(std::string_view rule, const std::string& text,
                                 const ProjectFiles& files = {}, const LintConfig& config = {}) {
  std::vector<int> lines;
  for (const auto& finding : findings_of(rule, text, files, config)) lines.push_back(finding.location.line);
  return lines;
}

/// A workflow of one job whose first step begins at line 6.
inline std::string workflow_with_steps(const std::string& steps, const std::string& top = "on: push") {
  return top + "\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n" + steps;
}

/// "LINE:COLUMN: message" of each finding of the rule, a line each.
inline std::string said_by(std::string_view rule, const std::string& text) {
  std::string said;
  for (const auto& finding : findings_of(rule, text))
    said += fmt::format("{}:{}: {}\n", finding.location.line, finding.location.column, finding.message);
  return said;
}

/// A workflow whose job has these lines, which begin on line 5.
inline std::string with_job(std::string_view lines) {
  return fmt::format(
      "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n{}    steps:\n      - run: make\n", lines);
}

/// A workflow with these lines under `on:`, which begin on line 2.
inline std::string with_triggers(std::string_view lines) {
  return fmt::format("on:\n{}jobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make\n",
                     lines);
}

}  // namespace workflow::lint
