#pragma once
// Where `docker cp` puts what it copies, by its rules (docs.docker.com/reference/cli/docker/container/cp):
// the same in a container and on the step's side. Whose rights count is who opened the root.

#include <string>

#include "base/archive.h"
#include "base/fd.h"
#include "base/result.h"

namespace steps {

/// A file or folder as the tar of it begins.
struct CopiedThing {
  std::string name;  ///< of the first entry; empty: the entries lie in no folder of their own
  bool is_folder = false;
  [[nodiscard]] bool is_contents_only() const { return name.empty(); }
};

/// The folder that holds what a path names, and its name there; no name: what is in the folder is meant.
struct CopySourcePlace {
  base::Fd folder;
  CopiedThing thing;
};
base::Result<CopySourcePlace> find_copy_source(int root, const std::string& path);

struct CopyTarget {
  base::Fd folder;
  std::string name;  ///< what the first entry is called there
};
/// Below `root`, whose links stay inside. Makes the folder that contents without one go to.
base::Result<CopyTarget> find_copy_target(int root, const std::string& path, const CopiedThing& thing);
/// A folder that is there: what a tar on standard input is unpacked into.
base::Result<base::Fd> open_copy_folder(int root, const std::string& path);

/// Gives the entries of a tar the name that their first one has at the target.
void rename_entry(base::ArchiveEntry& entry, const CopiedThing& thing, const CopyTarget& target);

}  // namespace steps
