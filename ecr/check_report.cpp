#include "ecr/check_report.h"

#include <algorithm>

#include "base/strings.h"

namespace ecr {

namespace {

/// Whether a comment right above an instruction says that the rule does not count, or does, for it alone.
bool comments_hold(const std::vector<std::string>& comments, const CheckRule& rule, bool held) {
  for (const auto& comment : comments) {
    const auto equals = comment.find('=');
    if (equals == std::string::npos || base::trim(comment.substr(0, equals)) != "check") continue;
    const auto value = base::trim(std::string_view(comment).substr(equals + 1));
    const auto settings = parse_check_settings(value.substr(0, value.find(' ')));
    if (!settings) continue;
    return rule.experimental ? held || settings->holds(rule) : held && settings->holds(rule);
  }
  return held;
}

}  // namespace

void CheckReport::add(Check check, int line, std::string message) {
  if (settings_.holds(rule_of(check))) findings_.push_back({line, check, std::move(message)});
}

void CheckReport::add(Check check, const Instruction& where, std::string message) {
  const auto& rule = rule_of(check);
  if (comments_hold(where.comments, rule, settings_.holds(rule)))
    findings_.push_back({where.line, check, std::move(message)});
}

std::vector<CheckFinding> CheckReport::take() {
  std::stable_sort(findings_.begin(), findings_.end(),
                   [](const CheckFinding& a, const CheckFinding& b) { return a.line < b.line; });
  return std::move(findings_);
}

VariableLookup noting(VariableLookup lookup, NotedNames& names) {
  return [lookup = std::move(lookup), &names](std::string_view name) {
    auto value = lookup(name);
    (value ? names.known : names.unknown).emplace(name);
    return value;
  };
}

std::string written_keyword(const Instruction& instruction) {
  return instruction.original.substr(0, instruction.original.find_first_of(" \t"));
}

}  // namespace ecr
