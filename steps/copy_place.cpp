#include "steps/copy_place.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/files.h"

namespace steps {

namespace {

using base::Path;
using base::Result;

/// Below an open root there is nothing absolute.
Path below_root(const std::string& path) {
  const auto relative = Path(path).lexically_normal().relative_path();
  return relative.empty() ? Path(".") : relative;
}

bool names_contents(const std::string& path) {
  return path.empty() || path == "/" || path == "." || path.ends_with("/.") || path.ends_with("/..") ||
         path == "..";
}

/// A path without the slashes behind it.
std::string without_end(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

Result<base::Fd> open_folder_below(int root, const Path& path) {
  return base::open_beneath(root, path.empty() ? Path(".") : path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

}  // namespace

Result<CopySourcePlace> find_copy_source(int root, const std::string& path) {
  CopySourcePlace found;
  if (names_contents(path)) {
    TRY(found.folder, open_folder_below(root, below_root(path)));
    found.thing.is_folder = true;
    return found;
  }
  const auto whole = below_root(without_end(path));
  TRY(found.folder, open_folder_below(root, whole.parent_path()));
  found.thing.name = whole.filename().string();
  struct stat status {};
  if (::fstatat(found.folder.get(), found.thing.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
    return base::system_error(path, errno);
  found.thing.is_folder = S_ISDIR(status.st_mode);
  if (path.ends_with('/') && !found.thing.is_folder) return base::system_error(path, ENOTDIR);
  return found;
}

Result<CopyTarget> find_copy_target(int root, const std::string& path, const CopiedThing& thing) {
  const auto whole = below_root(without_end(path));
  if (auto folder = open_folder_below(root, whole)) return CopyTarget{std::move(*folder), thing.name};
  TRY(auto parent, open_folder_below(root, whole.parent_path()));
  const auto name = whole.filename().string();
  struct stat status {};
  const bool there = ::fstatat(parent.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
  if (there && thing.is_folder)
    return base::invalid_input(fmt::format("cannot copy directory to {}: it is no directory", path));
  if (!there && path.ends_with('/') && !thing.is_folder)
    return base::invalid_input(fmt::format("no such directory: {}", path));
  if (!thing.is_contents_only()) return CopyTarget{std::move(parent), name};
  if (::mkdirat(parent.get(), name.c_str(), 0755) != 0)
    return base::system_error("making the folder " + path, errno);
  TRY(auto made, open_folder_below(root, whole));
  return CopyTarget{std::move(made), ""};
}

Result<base::Fd> open_copy_folder(int root, const std::string& path) {
  auto folder = open_folder_below(root, below_root(without_end(path)));
  if (folder) return folder;
  return base::invalid_input(fmt::format("destination \"{}\" must be a directory", path));
}

void rename_entry(base::ArchiveEntry& entry, const CopiedThing& thing, const CopyTarget& target) {
  if (thing.is_contents_only() || thing.name == target.name) return;
  const auto renamed = [&](std::string& path) {
    const bool is_it = path == thing.name;
    if (is_it || path.starts_with(thing.name + "/")) path = target.name + path.substr(thing.name.size());
  };
  renamed(entry.path);
  if (entry.kind == base::EntryKind::hard_link) renamed(entry.link_target);
}

}  // namespace steps
