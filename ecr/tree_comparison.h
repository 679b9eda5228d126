#pragma once
// What two folders of files have different. Times do not count.

#include <string>
#include <vector>

#include "base/result.h"

namespace ecr {

struct FileChange {
  enum class Kind { added, removed, changed } kind = Kind::changed;
  std::string path;               ///< absolute
  std::vector<std::string> what;  ///< of a changed one: "mode 644 → 755", "content", …
  bool operator==(const FileChange&) const = default;
};

/// Of open folders; owners as the images say that are unpacked there.
base::Result<std::vector<FileChange>> compare_trees(int before, int after);

}  // namespace ecr
