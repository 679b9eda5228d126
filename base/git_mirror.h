#pragma once
// A bare copy of a repository that is brought up to date again and again, and what can be read of its commits
// without a work tree. By libgit2, from https:// with a credential or from a path. Not for reading one commit
// of somebody else's repository once (git_remote).

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/git.h"
#include "base/result.h"

namespace base {

struct MirrorSource {
  std::string url;
  std::string user;  ///< with `password`; that is kept in memory alone
  std::string password;
  std::vector<std::string> references{"refs/heads/*", "refs/tags/*"};  ///< which are brought
  std::stop_token stop;
};

/// Makes the mirror when there is none. References that are gone there go here; commits stay, so that a run
/// may still read them.
Result<void> update_mirror(const Path& mirror, const MirrorSource& source);

/// The commit that a reference or an id names (a tag's is followed); nothing when the mirror has none.
Result<std::optional<std::string>> find_commit(const Path& mirror, const std::string& revision);
/// Names of the files in a folder of a commit, sorted; none when there is no such folder.
Result<std::vector<std::string>> list_files_of_commit(const Path& mirror, const std::string& commit,
                                                      const std::string& folder);
/// not_found when the commit has no such file. Larger than `limit` is an Error.
Result<std::string> read_file_of_commit(const Path& mirror, const std::string& commit,
                                        const std::string& file, std::size_t limit);
Result<std::string> message_of_commit(const Path& mirror, const std::string& commit);
/// The first parent; nothing of a commit without one.
Result<std::optional<std::string>> parent_of_commit(const Path& mirror, const std::string& commit);
/// The best common ancestor; nothing when they have none.
Result<std::optional<std::string>> merge_base(const Path& mirror, const std::string& one,
                                              const std::string& other);

struct MirrorReference {
  std::string name;  ///< refs/heads/main
  std::string commit;
};
/// Those whose names begin so, sorted.
Result<std::vector<MirrorReference>> list_mirror_references(const Path& mirror, const std::string& prefix);

}  // namespace base
