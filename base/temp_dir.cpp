#include <cerrno>
#include <cstdlib>

#include "base/files.h"

namespace base {

Result<TempDir> TempDir::create(std::string_view prefix) {
  const char* folder = std::getenv("TMPDIR");
  return create_in(folder == nullptr || *folder == 0 ? "/tmp" : folder, prefix);
}

Result<TempDir> TempDir::create_in(const Path& parent, std::string_view prefix) {
  std::string pattern = (parent / (std::string(prefix) + "-XXXXXX")).string();
  if (::mkdtemp(pattern.data()) == nullptr)
    return system_error("cannot make a folder in " + parent.string(), errno);
  return TempDir(Path(pattern));
}

TempDir& TempDir::operator=(TempDir&& other) noexcept {
  if (this != &other) {
    if (!path_.empty()) (void)remove_tree(path_);
    path_ = std::exchange(other.path_, {});
  }
  return *this;
}

TempDir::~TempDir() {
  if (!path_.empty()) (void)remove_tree(path_);
}

}  // namespace base
