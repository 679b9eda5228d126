#include "ecr/tree_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "base/archive.h"
#include "base/strict_open.h"
#include "ecr/extended_attributes.h"
#include "ecr/file_owner.h"

namespace ecr {

namespace {

using base::ArchiveEntry;
using base::EntryKind;
using base::ErrorKind;
using base::make_error;
using base::Path;
using base::Result;

constexpr std::size_t kCopyBytes = 256 * 1024;

bool is_whiteout(const struct stat& status) {
  return S_ISCHR(status.st_mode) && status.st_rdev == makedev(0, 0);
}

class TreeWriter {
 public:
  TreeWriter(base::Fd root, const TreeWriting& how, base::TarWriter& tar)
      : root_(std::move(root)), how_(how), options_(how.layer), tar_(tar), buffer_(kCopyBytes) {}

  Result<void> write() {
    if (how_.only.empty()) return write_folder("");
    struct stat status {};
    if (::fstatat(root_.get(), how_.only.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
      return base::system_error("reading " + how_.only, errno);
    if (!S_ISDIR(status.st_mode)) return write_entry(root_.get(), how_.only, how_.only, status);
    return write_folder_and_below(how_.only);
  }

 private:
  // All but folders first, then the folders, each list sorted: the order is the same on every disk, and no
  // descriptor stays open while the walk goes deeper.
  Result<void> write_folder(const std::string& folder) {
    std::vector<std::string> below;
    {
      const base::Fd fd = base::open_strictly(root_.get(), folder, O_RDONLY | O_DIRECTORY);
      if (!fd) return base::system_error("reading the folder /" + folder, errno);
      if (how_.may_read && !how_.may_read(fd.get())) return {};
      if (is_layer() && !folder.empty() && is_opaque(fd.get())) TRY(tar_.add(mark(folder + "/.wh..wh..opq")));
      TRY(const auto names, base::list_directory(Path("/proc/self/fd") / std::to_string(fd.get())));
      for (const auto& name : names) {
        struct stat status {};
        if (::fstatat(fd.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
          return base::system_error("reading " + name, errno);
        const std::string path = folder.empty() ? name : folder + "/" + name;
        if (S_ISDIR(status.st_mode)) {
          TRY(make_passable(fd.get(), name, path, status.st_mode));
          below.push_back(path);
        } else if (is_layer() && is_whiteout(status)) {
          TRY(tar_.add(mark((folder.empty() ? "" : folder + "/") + ".wh." + name)));
        } else {
          TRY(write_entry(fd.get(), name, path, status).while_doing("writing /" + path + " to the layer"));
        }
      }
    }
    for (const auto& path : below) TRY(write_folder_and_below(path));
    return {};
  }

  Result<void> write_folder_and_below(const std::string& path) {
    {
      const base::Fd fd = base::open_strictly(root_.get(), path, O_RDONLY | O_DIRECTORY);
      struct stat status {};
      if (!fd || ::fstat(fd.get(), &status) != 0)
        return base::system_error("reading the folder /" + path, errno);
      ArchiveEntry entry = entry_for(path, status, EntryKind::directory);
      if (const auto mode = closed_folders_.find(path); mode != closed_folders_.end())
        entry.mode = mode->second & 07777;
      take_attributes(fd.get(), entry);
      TRY(tar_.add(entry));
    }
    return write_folder(path);
  }

  [[nodiscard]] bool is_layer() const { return how_.names == TreeNames::of_layers; }

  Result<void> write_entry(int folder, const std::string& name, const std::string& path,
                           const struct stat& status) {
    if (S_ISLNK(status.st_mode)) {
      ArchiveEntry entry = entry_for(path, status, EntryKind::symlink);
      entry.link_target.resize(4096);
      const ssize_t length =
          ::readlinkat(folder, name.c_str(), entry.link_target.data(), entry.link_target.size());
      if (length < 0) return base::system_error("readlink", errno);
      entry.link_target.resize(static_cast<std::size_t>(length));
      return tar_.add(entry);
    }
    if (S_ISFIFO(status.st_mode)) return tar_.add(entry_for(path, status, EntryKind::fifo));
    if (!S_ISREG(status.st_mode)) return {};  // sockets and devices mean nothing in an image
    if (status.st_nlink > 1) {
      const auto [first, is_first] = links_.try_emplace({status.st_dev, status.st_ino}, path);
      if (!is_first) {
        ArchiveEntry entry = entry_for(path, status, EntryKind::hard_link);
        entry.link_target = first->second;
        return tar_.add(entry);
      }
    }
    return write_file(folder, name, path, status);
  }

  Result<void> write_file(int folder, const std::string& name, const std::string& path,
                          const struct stat& status) {
    const base::Fd fd = open_to_read(folder, name, status.st_mode);
    if (!fd) return base::system_error("opening", errno);
    ArchiveEntry entry = entry_for(path, status, EntryKind::file);
    entry.size = static_cast<std::uint64_t>(status.st_size);
    take_attributes(fd.get(), entry);
    TRY(tar_.add(entry));
    std::uint64_t left = entry.size;
    while (left > 0) {
      const ssize_t count = ::read(fd.get(), buffer_.data(), std::min<std::uint64_t>(left, buffer_.size()));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return base::system_error("reading", errno);
      if (count == 0) return make_error(ErrorKind::internal, "the file became shorter while it was read");
      TRY(tar_.write({buffer_.data(), static_cast<std::size_t>(count)}));
      left -= static_cast<std::uint64_t>(count);
    }
    return {};
  }

  ArchiveEntry entry_for(const std::string& path, const struct stat& status, EntryKind kind) const {
    ArchiveEntry entry{.kind = kind, .path = path};
    entry.mode = status.st_mode & 07777;
    entry.uid = unshifted(status.st_uid);
    entry.gid = unshifted(status.st_gid);
    entry.mtime = status.st_mtim.tv_sec;
    if (options_.latest_time) entry.mtime = std::min<std::int64_t>(entry.mtime, *options_.latest_time);
    return entry;
  }

  static void take_attributes(int fd, ArchiveEntry& entry) {
    entry.attributes = read_attributes(fd);
    const auto owner = noted_owner(fd);
    if (!owner) return;
    entry.uid = owner->uid;
    entry.gid = owner->gid;
  }

  // Without root a tree stays one that we can read and remove, as unpack_layer() makes it.
  Result<void> make_passable(int folder, const std::string& name, const std::string& path, mode_t mode) {
    if (!is_layer() || ::geteuid() == 0 || (mode & S_IRWXU) == S_IRWXU) return {};
    if (::fchmodat(folder, name.c_str(), (mode & 07777) | S_IRWXU, 0) != 0)
      return base::system_error("opening the folder /" + path, errno);
    closed_folders_[path] = mode;
    return {};
  }

  // An ordinary user's own file may be one that its owner must not read, as `sudo` is.
  static base::Fd open_to_read(int folder, const std::string& name, mode_t mode) {
    constexpr int kFlags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
    base::Fd fd(::openat(folder, name.c_str(), kFlags));
    if (fd || errno != EACCES || ::fchmodat(folder, name.c_str(), S_IRUSR, 0) != 0) return fd;
    fd.reset(::openat(folder, name.c_str(), kFlags));
    const int failure = errno;
    (void)::fchmodat(folder, name.c_str(), mode & 07777, 0);
    errno = failure;
    return fd;
  }

  // Ids outside of the range are the runner's own: root as far as the image is concerned.
  std::int64_t unshifted(std::uint32_t id) const {
    return id >= options_.first_host_id && id - options_.first_host_id < 65536 ? id - options_.first_host_id
                                                                               : 0;
  }

  static ArchiveEntry mark(const std::string& path) { return {.kind = EntryKind::file, .path = path}; }

  base::Fd root_;
  const TreeWriting& how_;
  const LayerOptions& options_;
  base::TarWriter& tar_;
  std::vector<char> buffer_;
  std::map<std::pair<dev_t, ino_t>, std::string> links_;
  std::map<std::string, mode_t> closed_folders_;
};

}  // namespace

Result<void> write_tree(base::Fd root, const TreeWriting& how, base::TarWriter& tar) {
  return TreeWriter(std::move(root), how, tar).write();
}

}  // namespace ecr
