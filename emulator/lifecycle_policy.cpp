#include "emulator/lifecycle_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "emulator/elb_state.h"

namespace emulator {

namespace {

constexpr std::size_t kLongestPolicy = 30'720;
constexpr double kDay = 86'400;

struct LifecycleRule {
  std::int64_t priority = 0;
  std::string tag_status;
  std::vector<std::string> patterns;  ///< prefixes with a * behind, or patterns
  std::string count_type;
  std::int64_t count = 0;
};

std::string rule_fault(const base::Json& entry, LifecycleRule& rule) {
  const auto& selection = base::json_member(entry, "selection");
  rule.priority = base::json_integer(entry, "rulePriority", 0);
  rule.tag_status = base::json_string(selection, "tagStatus");
  rule.count_type = base::json_string(selection, "countType");
  rule.count = base::json_integer(selection, "countNumber", 0);
  if (rule.priority < 1) return "rulePriority: expected a number above 0";
  if (rule.tag_status != "tagged" && rule.tag_status != "untagged" && rule.tag_status != "any")
    return fmt::format("tagStatus: expected tagged, untagged or any, found '{}'", rule.tag_status);
  if (rule.count_type != "imageCountMoreThan" && rule.count_type != "sinceImagePushed")
    return fmt::format("countType: expected imageCountMoreThan or sinceImagePushed, found '{}'",
                       rule.count_type);
  if (rule.count < 1) return "countNumber: expected a number above 0";
  if (rule.count_type == "sinceImagePushed" && base::json_string(selection, "countUnit") != "days")
    return "countUnit: expected days with sinceImagePushed";
  for (const auto& prefix : base::json_member(selection, "tagPrefixList")) {
    if (prefix.is_string()) rule.patterns.push_back(prefix.get<std::string>() + "*");
  }
  for (const auto& pattern : base::json_member(selection, "tagPatternList")) {
    if (pattern.is_string()) rule.patterns.push_back(pattern.get<std::string>());
  }
  if ((rule.tag_status == "tagged") == rule.patterns.empty())
    return "tagPrefixList or tagPatternList: needed with tagStatus tagged, and only there";
  if (base::json_string(base::json_member(entry, "action"), "type") != "expire")
    return "action: expected the type expire";
  return "";
}

base::Result<std::vector<LifecycleRule>> read_rules(const std::string& policy) {
  if (policy.size() > kLongestPolicy)
    return base::invalid_input(fmt::format("expected at most {} characters", kLongestPolicy));
  TRY(const auto document, base::parse_json(policy));
  const auto& list = base::json_member(document, "rules");
  if (!list.is_array() || list.empty())
    return base::invalid_input("rules: expected a list of at least one rule");
  std::vector<LifecycleRule> rules;
  std::set<std::int64_t> priorities;
  for (const auto& entry : list) {
    LifecycleRule rule;
    if (auto fault = rule_fault(entry, rule); !fault.empty()) return base::invalid_input(std::move(fault));
    if (!priorities.insert(rule.priority).second)
      return base::invalid_input(fmt::format("rulePriority {}: expected each once", rule.priority));
    rules.push_back(std::move(rule));
  }
  std::sort(rules.begin(), rules.end(), [](const auto& a, const auto& b) { return a.priority < b.priority; });
  return rules;
}

/// A rule with several patterns wants each of them fitted by some tag of the image.
bool selects(const LifecycleRule& rule, const std::vector<std::string>& tags) {
  if (rule.tag_status == "any") return true;
  if (rule.tag_status == "untagged") return tags.empty();
  return !tags.empty() &&
         std::all_of(rule.patterns.begin(), rule.patterns.end(), [&](const std::string& pattern) {
           return std::any_of(tags.begin(), tags.end(),
                              [&](const std::string& tag) { return matches_wildcard(pattern, tag); });
         });
}

}  // namespace

std::string lifecycle_fault(const std::string& policy) {
  const auto rules = read_rules(policy);
  return rules ? "" : rules.error().message;
}

std::vector<ExpiringImage> expiring_images(const std::string& policy, const Repository& repository,
                                           double now) {
  const auto rules = read_rules(policy);
  if (!rules) return {};
  std::vector<std::pair<double, std::string>> images;
  std::map<std::string, std::vector<std::string>> tags;
  for (const auto& [digest, manifest] : repository.manifests) images.emplace_back(manifest.pushed_at, digest);
  for (const auto& [tag, digest] : repository.image_tags) tags[digest].push_back(tag);
  std::sort(images.rbegin(), images.rend());
  std::vector<ExpiringImage> expiring;
  std::set<std::string> claimed;
  for (const auto& rule : *rules) {
    std::int64_t place = 0;
    for (const auto& [pushed_at, digest] : images) {
      if (claimed.contains(digest) || !selects(rule, tags[digest])) continue;
      claimed.insert(digest);
      ++place;
      const bool expires = rule.count_type == "imageCountMoreThan"
                               ? place > rule.count
                               : now - pushed_at > static_cast<double>(rule.count) * kDay;
      if (expires) expiring.push_back({digest, rule.priority});
    }
  }
  return expiring;
}

}  // namespace emulator
