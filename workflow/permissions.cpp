#include "workflow/permissions.h"

#include <algorithm>

namespace workflow {

namespace {

struct Scope {
  std::string_view name;
  PermissionLevel most = PermissionLevel::write;
  bool by_shorthand = true;  ///< listed when read-all or write-all asks for it
};

// In the order of Permissions.ComparisonKeyMapping (actions/runner); the newest are last.
constexpr Scope kScopes[] = {
    {"actions"},
    {"artifact-metadata", PermissionLevel::write, false},
    {"attestations", PermissionLevel::write, false},
    {"checks"},
    {"contents"},
    {"deployments"},
    {"discussions"},
    {"issues"},
    {"packages"},
    {"pages"},
    {"pull-requests"},
    {"repository-projects"},
    {"statuses"},
    {"security-events"},
    {"id-token"},
    {"models", PermissionLevel::read, false},
    {"vulnerability-alerts", PermissionLevel::read, false},
    {"code-quality", PermissionLevel::write, false},
    {"copilot-requests", PermissionLevel::write, false},
    {"drives", PermissionLevel::write, false},
};

PermissionLevel level_of_text(std::string_view text) {
  if (text == "write" || text == "write-all") return PermissionLevel::write;
  return text == "read" || text == "read-all" ? PermissionLevel::read : PermissionLevel::none;
}

}  // namespace

std::string_view name_of(PermissionLevel level) {
  switch (level) {
    case PermissionLevel::none:
      return "none";
    case PermissionLevel::read:
      return "read";
    case PermissionLevel::write:
      return "write";
  }
  return "none";
}

PermissionLevel Permissions::level_of(std::string_view scope) const {
  if (const auto found = levels.find(scope); found != levels.end()) return found->second;
  if (!all) return PermissionLevel::none;
  for (const auto& known : kScopes) {
    if (known.name == scope) return std::min(*all, known.most);
  }
  return *all;
}

std::vector<std::pair<std::string_view, PermissionLevel>> Permissions::requested() const {
  std::vector<std::pair<std::string_view, PermissionLevel>> list;
  for (const auto& scope : kScopes) {
    if (all && !scope.by_shorthand) continue;
    if (const auto level = level_of(scope.name); level != PermissionLevel::none)
      list.emplace_back(scope.name, level);
  }
  return list;
}

std::optional<Permissions> permissions_of(const Node& node) {
  if (!node.present()) return std::nullopt;
  Permissions permissions;
  if (!node.is_mapping()) {
    permissions.all = level_of_text(node.text);
    return permissions;
  }
  for (const auto& [scope, level] : node.members) permissions.levels[scope.text] = level_of_text(level.text);
  return permissions;
}

Permissions permissions_of(PermissionsPolicy policy, bool same_repository) {
  Permissions permissions;
  if (policy == PermissionsPolicy::limited_read) {
    permissions.levels = {{"contents", PermissionLevel::read}, {"packages", PermissionLevel::read}};
  } else {
    permissions.all = PermissionLevel::write;
    if (!same_repository) permissions.levels["id-token"] = PermissionLevel::none;
  }
  return permissions;
}

std::vector<PermissionViolation> violations_of(const Permissions& requested, const Permissions& allowed) {
  std::vector<PermissionViolation> violations;
  for (const auto& [scope, level] : requested.requested()) {
    if (const auto most = allowed.level_of(scope); level > most) violations.push_back({scope, level, most});
  }
  return violations;
}

}  // namespace workflow
