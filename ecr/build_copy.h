#pragma once
// COPY: files of a tree into the tree of an image, and the digest that says whether they changed.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "ecr/file_mode.h"
#include "ecr/file_owner.h"
#include "ecr/tree_walk.h"

namespace ecr {

/// As the image sees them.
struct CopyTarget {
  int root = -1;                    ///< of the image's tree, borrowed
  std::string path;                 ///< absolute; with a trailing slash it is a folder
  std::uint32_t first_host_id = 0;  ///< owner in the image plus this is the owner on disk
};

struct CopyRules {
  std::optional<FileOwner> owner;  ///< absent: `keep_owner` decides
  bool keep_owner = false;         ///< owners of the source's disk stay; else root's
  std::optional<FileMode> mode;
  bool keep_top = false;  ///< a folder that is copied has its own owner and mode at its new place, too
};

/// Folders that are made on the way.
struct MadeFolders {
  FileOwner owner;
  mode_t mode = 0755;
};

/// Of names, kinds, modes and contents, with owners and attributes where the copy keeps them; times do not
/// count.
base::Result<std::string> digest_of_sources(const CopySource& source, const std::vector<FoundSource>& paths,
                                            bool with_owners);
/// What has folders to keep goes below them.
base::Result<void> copy_sources(const CopySource& source, const std::vector<FoundSource>& paths,
                                const CopyTarget& target, const CopyRules& rules);
/// A file with this content: an inline document of COPY.
base::Result<void> write_inline_file(std::string_view content, const CopyTarget& target,
                                     const CopyRules& rules);
/// The folder with all above it; what is missing is made. Open for use as a directory.
base::Result<base::Fd> ensure_folder(const CopyTarget& target, const std::string& path,
                                     const MadeFolders& made);

}  // namespace ecr
