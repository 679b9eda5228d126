#pragma once
// `git submodule update --init` in a fresh clone. Not for the repository itself (git).

#include <string>

#include "base/files.h"
#include "base/result.h"

namespace base {

struct SubmoduleOptions {
  std::string server;  ///< https://host[:port]: `git@host:` means it, too
  std::string token;   ///< for that server alone
  bool recursive = false;
};

/// Fetches and checks out the submodules of the commit that is checked out. Whatever is neither on a server
/// for http nor `git@` that of the options is refused: a path would be read with the rights of this process.
Result<void> update_submodules(const Path& work_tree, const SubmoduleOptions& options);

}  // namespace base
