#pragma once
// The files of a commit from a git object database into a folder. Only for this room (git_remote).

#include <stop_token>
#include <string>

#include "base/files.h"
#include "base/git_handles.h"
#include "base/result.h"

namespace base::git {

/// As fetch_files in git_remote.h says.
Result<std::string> export_commit(git_repository* repository, const std::string& id, const Path& folder,
                                  const std::stop_token& stop);

}  // namespace base::git
