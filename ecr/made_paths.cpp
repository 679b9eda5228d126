#include "ecr/made_paths.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <functional>

#include "base/fd.h"
#include "base/files.h"

namespace ecr {

using base::Path;
using base::Result;

namespace {

std::uint64_t number_of(std::string_view path) {
  return std::hash<std::string_view>()(path);
}

}  // namespace

void MadePaths::add(std::string_view path) {
  // Above a path that is known everything is.
  while (!path.empty() && paths_.insert(number_of(path)).second) {
    const auto slash = path.rfind('/');
    path = slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
  }
}

bool MadePaths::contains(std::string_view path) const {
  return paths_.contains(number_of(path));
}

Result<void> MadePaths::remove_others(int folder, const std::string& path, const std::string& name) const {
  if (!contains(path)) return base::remove_tree(Path("/proc/self/fd") / std::to_string(folder) / name);
  const base::Fd below(::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  return below ? clear_of_others(below.get(), path) : Result<void>();
}

Result<void> MadePaths::clear_of_others(int folder, const std::string& path) const {
  TRY(const auto names, base::list_directory(Path("/proc/self/fd") / std::to_string(folder)));
  for (const auto& name : names) TRY(remove_others(folder, path.empty() ? name : path + "/" + name, name));
  return {};
}

}  // namespace ecr
