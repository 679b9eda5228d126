#pragma once
// What a job's token may do, as `permissions:` says it, and whether a called workflow asks for more than its
// caller has. Not for the token itself.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "workflow/node.h"

namespace workflow {

enum class PermissionLevel { none, read, write };
std::string_view name_of(PermissionLevel level);

/// The token of a job that says nothing: a setting of the repository (docs.github.com "GITHUB_TOKEN").
enum class PermissionsPolicy {
  limited_read,  ///< contents and packages: read
  write,         ///< everything but id-token: write
};

struct Permissions {
  /// By scope; one that is not listed is none.
  std::map<std::string, PermissionLevel, std::less<>> levels;
  /// read-all or write-all: the level of every scope.
  std::optional<PermissionLevel> all;

  [[nodiscard]] PermissionLevel level_of(std::string_view scope) const;
  /// What it asks for by name, in the order in which GitHub lists it; of read-all and write-all the scopes
  /// that these have always stood for.
  [[nodiscard]] std::vector<std::pair<std::string_view, PermissionLevel>> requested() const;
  bool operator==(const Permissions&) const = default;
};

/// Nothing for an absent node.
std::optional<Permissions> permissions_of(const Node& node);
/// A workflow of another repository gets no id-token by policy.
Permissions permissions_of(PermissionsPolicy policy, bool same_repository);

/// What is asked for beyond what there is.
struct PermissionViolation {
  std::string_view scope;
  PermissionLevel requested;
  PermissionLevel allowed;
};
std::vector<PermissionViolation> violations_of(const Permissions& requested, const Permissions& allowed);

}  // namespace workflow
