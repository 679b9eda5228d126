#pragma once
// Folders in folders, deeper than any path can name.

#include <fcntl.h>
#include <sys/stat.h>

#include "base/files.h"

namespace base {

/// In memory where the machine has such a place: a disk takes seconds for thousands of folders.
inline TempDir fast_folder() {
  auto in_memory = TempDir::create_in("/dev/shm", "base-test");
  return in_memory.ok() ? std::move(in_memory).value() : TempDir::create("base-test").value();
}

/// `levels` folders named "d", one in the other, with a file in the last; false when it could not be made.
inline bool make_deep_tree(const Path& top, int levels) {
  if (::mkdir(top.c_str(), 0755) != 0) return false;
  Fd folder(::open(top.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (int level = 0; level < levels; ++level) {
    if (::mkdirat(folder.get(), "d", 0755) != 0) return false;
    folder.reset(::openat(folder.get(), "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  return static_cast<bool>(Fd(::openat(folder.get(), "file", O_CREAT | O_WRONLY | O_CLOEXEC, 0644)));
}

}  // namespace base
