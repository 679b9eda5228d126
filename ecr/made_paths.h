#pragma once
// What one layer has made so far in a flat tree: a whiteout takes away what the layers below have, never what
// its own layer brings, whichever comes first in the archive (image-spec layer.md#whiteouts).

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/result.h"

namespace ecr {

class MadePaths {
 public:
  /// A path from the root, and the folders above it.
  void add(std::string_view path);
  [[nodiscard]] bool contains(std::string_view path) const;
  /// Removes `name` in the open folder, which is `path` from the root, but for what was added.
  [[nodiscard]] base::Result<void> remove_others(int folder, const std::string& path,
                                                 const std::string& name) const;
  /// The same of all that is in the open folder, which is `path` from the root.
  [[nodiscard]] base::Result<void> clear_of_others(int folder, const std::string& path) const;

 private:
  std::unordered_set<std::uint64_t> paths_;  ///< as numbers: an archive may have millions
};

}  // namespace ecr
