// What the tests of the rules about expressions have in common: a job to put an expression into, and the
// findings of these rules as text.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "workflow/lint/lint.h"

namespace workflow::lint {

using Findings = std::vector<std::string>;

// LINE:COLUMN RULE: MESSAGE, of all rules about expressions.
inline Findings findings_in(const Diagnostics& problems) {
  Findings found;
  for (const auto& problem : problems) {
    for (const std::string_view rule :
         {"condition-in-text", "constant-condition", "expression-type", "format-arguments",
          "impossible-comparison", "json-text", "unknown-property"}) {
      if (problem.rule == rule)
        found.push_back(fmt::format("{}:{} {}: {}", problem.location.line, problem.location.column, rule,
                                    problem.message));
    }
  }
  return found;
}

inline Findings findings_of(const std::string& text, const ProjectFiles& files = {},
                            const LintConfig& config = {}) {
  return findings_in(lint("w.yml", text, files, config));
}

// Of a job `build` behind a job `first` with the output `version`; the lines come behind line 13.
inline std::string job_with(const std::string& lines) {
  return R"(on: push
jobs:
  first:
    runs-on: ubuntu-latest
    outputs: {version: '1'}
    steps: [{run: make, id: compile}]
  other:
    runs-on: ubuntu-latest
    steps: [{run: make}]
  build:
    needs: first
    runs-on: ubuntu-latest
    strategy: {matrix: {os: [linux, mac], big: [true, false], number: [1, 2], shape: [{side: 4}]}}
)" + lines;
}

// Of one step (line 15) that prints the expression, from column 18 on.
inline Findings findings_of_expression(const std::string& expression) {
  return findings_of(job_with("    steps:\n      - run: ${{ " + expression + " }}\n"));
}
// Of the condition of one step, in line 16 from column 13 on.
inline Findings findings_of_condition(const std::string& condition) {
  return findings_of(job_with("    steps:\n      - run: make\n        if: " + condition + "\n"));
}

}  // namespace workflow::lint
