#include "workflow/lint/rule_ids.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/similar_name.h"
#include "workflow/lint/lint.h"

namespace workflow::lint {

namespace {

constexpr std::string_view kSyntax = "syntax";

std::vector<RuleId> make_ids() {
  std::vector<RuleId> ids{
      {kSyntax, Severity::error, "what GitHub refuses: the workflow would not start there"},
      {kConfiguration, Severity::error, "a .pipeline.yml that cannot be understood"},
      {kIgnoreComment, Severity::warning, "a pipeline-ignore comment that switches nothing off"},
      {kShellcheck, Severity::warning, "what shellcheck says of bash and sh scripts, where it is installed"},
      {kPyflakes, Severity::warning, "what pyflakes says of Python scripts, where it is installed"},
  };
  for (const auto& rule : all_rules()) ids.push_back({rule.id, rule.severity, rule.summary});
  std::sort(ids.begin(), ids.end(), [](const RuleId& a, const RuleId& b) { return a.id < b.id; });
  return ids;
}

}  // namespace

const std::vector<RuleId>& all_rule_ids() {
  static const std::vector<RuleId> ids = make_ids();
  return ids;
}

const RuleId* find_rule_id(std::string_view id) {
  const auto& ids = all_rule_ids();
  const auto found = std::find_if(ids.begin(), ids.end(), [&](const RuleId& rule) { return rule.id == id; });
  return found == ids.end() ? nullptr : &*found;
}

bool can_be_disabled(std::string_view id) {
  return id != kSyntax && id != kConfiguration && id != kIgnoreComment;
}

std::string why_not_disabled(std::string_view id) {
  if (id.empty()) return "expected the id of a rule, found nothing; `pipeline check --rules` lists them";
  if (find_rule_id(id) != nullptr) {
    return can_be_disabled(id) ? "" : fmt::format("the rule '{}' cannot be switched off", id);
  }
  std::vector<std::string_view> names;
  for (const auto& rule : all_rule_ids()) {
    if (can_be_disabled(rule.id)) names.push_back(rule.id);
  }
  const auto meant = base::similar_name(id, names);
  return fmt::format(
      "there is no rule '{}'; {}", id,
      meant ? fmt::format("did you mean '{}'?", *meant) : std::string("`pipeline check --rules` lists them"));
}

}  // namespace workflow::lint
