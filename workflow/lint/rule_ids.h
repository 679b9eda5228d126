#pragma once
// Every id that a problem can have: those of the linter's rules, and those of what no rule finds (GitHub's
// own errors, the configuration, other linters). For lists, documents and comments that name ids.

#include <string>
#include <string_view>
#include <vector>

#include "workflow/diagnostic.h"

namespace workflow::lint {

inline constexpr std::string_view kIgnoreComment = "ignore-comment";
inline constexpr std::string_view kConfiguration = "configuration";
inline constexpr std::string_view kShellcheck = "shellcheck";
inline constexpr std::string_view kPyflakes = "pyflakes";

struct RuleId {
  std::string_view id;
  Severity severity = Severity::error;
  std::string_view summary;
};

/// Sorted by id.
const std::vector<RuleId>& all_rule_ids();
/// Or nullptr.
const RuleId* find_rule_id(std::string_view id);

/// What GitHub refuses cannot be switched off, nor what is said of switching off.
bool can_be_disabled(std::string_view id);
/// Why the id cannot stand where rules are switched off, with the one that was perhaps meant; "" when it can.
std::string why_not_disabled(std::string_view id);

}  // namespace workflow::lint
