#pragma once
// `owner/repository[/path]@ref`: how `uses` names an action or a workflow of another repository. Pure; not
// for finding it, nor for what a linter makes of one that is not quite right (lint/known_actions).

#include <optional>
#include <string>
#include <string_view>

namespace workflow {

struct RepositoryReference {
  std::string repository;  ///< owner/name
  std::string path;        ///< within the repository, without `..`; empty is its root
  std::string ref;         ///< branch, tag, or commit, as git allows them
  bool operator==(const RepositoryReference&) const = default;
};

/// Nothing for another form, and for names that GitHub and git do not allow.
std::optional<RepositoryReference> parse_repository_reference(std::string_view uses);
/// As it would be written.
std::string to_string(const RepositoryReference& reference);

/// Whether a ref is the 40 hexadecimal digits of a commit.
bool is_full_commit(std::string_view ref);
/// Whether it can only be the beginning of a commit's digits: GitHub refuses these.
bool is_short_commit(std::string_view ref);

}  // namespace workflow
