#pragma once
// Questions to a git repository and local clones, by libgit2.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/result.h"

namespace base {

struct RepositoryState {
  Path work_tree;
  std::string head_commit;         ///< 40 hex digits; empty before the first commit
  std::string branch;              ///< short name; empty when HEAD is detached
  std::optional<std::string> tag;  ///< a tag that names HEAD
  std::optional<std::string> origin_url;
  std::string head_message;
  std::int64_t head_time = 0;  ///< when it was committed, in seconds since 1970
  std::string author_name;
  std::string author_email;
};

/// The repository that holds `path`; not_found when there is none.
Result<RepositoryState> read_repository(const Path& path);
/// Tracked files and untracked ones that are not ignored, relative to the work tree, sorted.
Result<std::vector<std::string>> list_work_tree_files(const Path& work_tree);
/// Whether .gitignore and its like leave the path out; it need not exist. What is tracked may be ignored too.
Result<bool> is_ignored(const Path& work_tree, const std::string& relative);
/// Files that differ between two commits, relative to the work tree.
Result<std::vector<std::string>> changed_files(const Path& work_tree, const std::string& from,
                                               const std::string& to);

struct CloneOptions {
  std::string url;  ///< a local path or any URL that libgit2 reads
  std::string ref;  ///< branch, tag, refs/… or commit; empty is the remote's HEAD
  Path destination;
  std::string token;  ///< sent as the password of user x-access-token; empty is none
  /// A full ref that is fetched, too, when the clone has no `ref`: commits of pull requests are in no branch.
  std::string reached_from;
  std::string origin;  ///< the URL that the remote has afterwards; empty: `url`
  /// A full ref: HEAD is on it when it is a branch, at the commit of `ref`. Empty: on `ref` when that is one.
  std::string head;
};
/// Clones and checks out; returns the commit.
Result<std::string> clone_repository(const CloneOptions& options);

}  // namespace base
