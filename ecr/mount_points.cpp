#include "ecr/mount_points.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/strict_open.h"
#include "sandbox/plan.h"

namespace ecr {

using base::Fd;
using base::Path;
using base::Result;

namespace {

/// Whether a path is in the tree of these layers. "No" also when links make that hard to tell.
bool is_there(const std::vector<Path>& lower, const Path& path) {
  if (path.empty()) return true;
  for (const auto& layer : lower) {
    const auto folder = base::open_directory(layer);
    if (!folder) return false;
    const Fd found = base::open_strictly(folder->get(), path, O_PATH);
    if (!found && errno == ENOENT) continue;
    struct stat status {};
    const bool is_whiteout =
        found && ::fstat(found.get(), &status) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == 0;
    return found && !is_whiteout;
  }
  return false;
}

}  // namespace

Result<MountPoints> MountPoints::make(const std::vector<Path>& lower, const OverlayUpper& upper,
                                      const std::vector<MountPoint>& points) {
  MountPoints made(upper.upper);
  std::vector<MountPoint> deep;
  for (const auto& point : points) {
    const Path path = Path(point.path).lexically_normal().relative_path();
    if (is_there(lower, path)) continue;
    if (is_there(lower, path.parent_path())) {
      // The sandbox makes it, and covers it: nobody will see whose it is.
      made.made_.push_back(path.string());
    } else {
      deep.push_back(point);
    }
  }
  if (deep.empty()) return made;
  TRY(const auto root, open_overlay(lower, upper));
  for (const auto& point : deep) {
    TRY(made.make_one(root.get(), point).while_doing("making the place to mount " + point.path));
  }
  return made;
}

Result<void> MountPoints::make_one(int root, const MountPoint& point) {
  const auto root_id = sandbox::first_host_id(0);
  const Path relative = Path(point.path).lexically_normal().relative_path();
  Path so_far;
  for (auto part = relative.begin(); part != relative.end(); ++part) {
    const Path above = so_far;
    if (part->empty()) break;  // behind a last slash
    so_far /= *part;
    if (base::open_beneath(root, so_far, O_PATH | O_CLOEXEC)) continue;
    TRY(const auto folder,
        base::open_beneath(root, above.empty() ? "." : above, O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (point.is_folder || so_far != relative) {
      if (::mkdirat(folder.get(), part->c_str(), 0755) != 0) return base::system_error("mkdir", errno);
    } else {
      const Fd file(
          ::openat(folder.get(), part->c_str(), O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0644));
      if (!file) return base::system_error("creating the file", errno);
    }
    made_.push_back(so_far.string());
    if (::geteuid() == 0 &&
        ::fchownat(folder.get(), part->c_str(), root_id, root_id, AT_SYMLINK_NOFOLLOW) != 0) {
      return base::system_error("chown", errno);
    }
  }
  return {};
}

void MountPoints::remove_empty() const {
  const auto upper = base::open_directory(upper_);
  if (!upper) return;
  for (auto made = made_.rbegin(); made != made_.rend(); ++made) {
    const Path path = *made;
    const Fd folder = base::open_strictly(upper->get(), path.parent_path(), O_PATH | O_DIRECTORY);
    struct stat status {};
    if (!folder || ::fstatat(folder.get(), path.filename().c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
      continue;
    if (S_ISREG(status.st_mode) && status.st_size == 0) ::unlinkat(folder.get(), path.filename().c_str(), 0);
    if (S_ISDIR(status.st_mode)) ::unlinkat(folder.get(), path.filename().c_str(), AT_REMOVEDIR);
  }
}

}  // namespace ecr
