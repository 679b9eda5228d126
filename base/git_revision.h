#pragma once
// What a commit says of itself, and which branch is a repository's default one; by libgit2.

#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/result.h"

namespace base {

struct GitSignature {
  std::string name;
  std::string email;
  std::string time;  ///< 2026-08-17T09:15:02+02:00
};

struct CommitFacts {
  std::string id;    ///< 40 hex digits
  std::string tree;  ///< likewise
  std::vector<std::string> parents;
  std::string message;
  GitSignature author;
  GitSignature committer;
};

/// Nothing where the revision, as gitrevisions(7) has them, names no commit.
Result<std::optional<CommitFacts>> read_commit(const Path& work_tree, const std::string& revision);
/// The branch that origin/HEAD names; else main or master, if there is one; else HEAD's; else main.
Result<std::string> default_branch(const Path& work_tree);

}  // namespace base
