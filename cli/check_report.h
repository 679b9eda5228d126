#pragma once
// What `pipeline check` found, as text for people, JSON, or the commands that GitHub makes annotations of.
// SARIF has a file of its own.

#include <map>
#include <string>
#include <vector>

#include "cli/source_excerpt.h"
#include "workflow/diagnostic.h"

namespace cli {

struct CheckReport {
  std::size_t workflows = 0;                 ///< how many were checked
  std::size_t actions = 0;                   ///< and how many action.yml files
  workflow::Diagnostics problems;            ///< files as people named them
  std::map<std::string, std::string> texts;  ///< of the files
  std::map<std::string, std::string> paths;  ///< of the files, from the root of their repository
};

std::size_t count_of(const CheckReport& report, workflow::Severity severity);

/// file:line:col, what is wrong, the source line with a caret; at the end a count.
std::string text_report(const CheckReport& report, Colours colours);
/// An array of {file, line, column, message, rule, severity}.
std::string json_report(const CheckReport& report);
/// `::error file=…,line=…,col=…,title=…::message` lines (docs.github.com "Workflow commands").
std::string github_report(const CheckReport& report);

}  // namespace cli
