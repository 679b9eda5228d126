// What files.cpp and copy_tree.cpp share.
#pragma once

#include <dirent.h>
#include <fmt/format.h>

#include <memory>
#include <string_view>

#include "base/files.h"

namespace base {

/// "cannot read /a/b: no such file": what failed, where, and the system's reason.
inline Error path_error(std::string_view what, const Path& path, int error_number) {
  return system_error(fmt::format("{} {}", what, path.string()), error_number);
}

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using OpenDirectory = std::unique_ptr<DIR, CloseDirectory>;

}  // namespace base
