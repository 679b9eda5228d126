#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/files.h"
#include "base/path_error.h"

namespace base {

namespace {

constexpr int kDeepest = 400;
constexpr std::size_t kLongestLink = 4096;

/// One file or folder: a name in an open folder, and the path for messages.
struct Entry {
  int folder;
  std::string name;
  Path path;
};

class Copier {
 public:
  Result<void> copy(const Entry& from, const Entry& to, int depth = 0) {
    struct stat status {};
    if (::fstatat(from.folder, from.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      return path_error("cannot read", from.path, errno);
    }
    if (S_ISDIR(status.st_mode)) return copy_folder(from, to, status, depth);
    if (S_ISLNK(status.st_mode)) return copy_link(from, to, status);
    if (S_ISREG(status.st_mode)) {
      if (depth == 0 && is_same(to, status)) return into_itself(from.path);
      return copy_file(from, to, status);
    }
    return {};  // sockets, FIFOs and devices are not content
  }

 private:
  Result<void> copy_folder(const Entry& from, const Entry& to, const struct stat& status, int depth) {
    if (depth > kDeepest) {
      return make_error(ErrorKind::invalid_input,
                        fmt::format("{} is nested deeper than {} folders", from.path.string(), kDeepest));
    }
    if ((root_made_ && status.st_dev == root_device_ && status.st_ino == root_inode_) ||
        (depth == 0 && is_same(to, status))) {
      return into_itself(from.path);
    }
    const Fd source(
        ::openat(from.folder, from.name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!source) return path_error("cannot open", from.path, errno);
    if (::mkdirat(to.folder, to.name.c_str(), 0700) != 0 && errno != EEXIST) {
      return path_error("cannot make", to.path, errno);
    }
    const int follow = depth == 0 ? 0 : O_NOFOLLOW;  // where to copy to is the caller's word
    const Fd destination(::openat(to.folder, to.name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | follow));
    if (!destination) return path_error("cannot open", to.path, errno);
    if (depth == 0) remember_root(destination.get());
    TRY(const auto names, names_in(source.get(), from.path));
    for (const auto& name : names) {
      TRY(copy({source.get(), name, from.path / name}, {destination.get(), name, to.path / name}, depth + 1));
    }
    return keep_attributes(destination.get(), status, to.path);
  }

  static Error into_itself(const Path& path) {
    return make_error(ErrorKind::invalid_input, fmt::format("cannot copy {} into itself", path.string()));
  }

  static bool is_same(const Entry& to, const struct stat& from) {
    struct stat status {};
    return ::fstatat(to.folder, to.name.c_str(), &status, 0) == 0 && status.st_dev == from.st_dev &&
           status.st_ino == from.st_ino;
  }

  static Result<void> copy_file(const Entry& from, const Entry& to, const struct stat& status) {
    const Fd source(::openat(from.folder, from.name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!source) return path_error("cannot open", from.path, errno);
    ::unlinkat(to.folder, to.name.c_str(), 0);
    const Fd destination(
        ::openat(to.folder, to.name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!destination) return path_error("cannot make", to.path, errno);
    TRY(copy_content(source.get(), destination.get(), from.path));
    return keep_attributes(destination.get(), status, to.path);
  }

  static Result<void> copy_link(const Entry& from, const Entry& to, const struct stat& status) {
    std::string target(kLongestLink, '\0');
    const ssize_t length = ::readlinkat(from.folder, from.name.c_str(), target.data(), target.size());
    if (length < 0) return path_error("cannot read the link", from.path, errno);
    target.resize(static_cast<std::size_t>(length));
    ::unlinkat(to.folder, to.name.c_str(), 0);
    if (::symlinkat(target.c_str(), to.folder, to.name.c_str()) != 0)
      return path_error("cannot link", to.path, errno);
    const timespec times[2] = {status.st_atim, status.st_mtim};
    ::utimensat(to.folder, to.name.c_str(), times, AT_SYMLINK_NOFOLLOW);
    return {};
  }

  static Result<void> copy_content(int from, int to, const Path& path) {
    if (::ioctl(to, FICLONE, from) == 0) return {};
    while (true) {
      const ssize_t count = ::copy_file_range(from, nullptr, to, nullptr, 1U << 30, 0);
      if (count > 0 || (count < 0 && errno == EINTR)) continue;
      if (count == 0) return {};
      // Between two kinds of file systems the kernel does not copy; both offsets are where it stopped.
      if (errno == EXDEV || errno == EINVAL || errno == EOPNOTSUPP || errno == ENOSYS)
        return pump(from, to, path);
      return path_error("cannot copy", path, errno);
    }
  }

  static Result<void> pump(int from, int to, const Path& path) {
    std::vector<char> buffer(256 * 1024);
    while (true) {
      const ssize_t count = ::read(from, buffer.data(), buffer.size());
      if (count == 0) return {};
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return path_error("cannot read", path, errno);
      TRY(write_all(to, {buffer.data(), static_cast<std::size_t>(count)})
              .while_doing("copying " + path.string()));
    }
  }

  static Result<void> keep_attributes(int fd, const struct stat& status, const Path& path) {
    if (::fchmod(fd, status.st_mode & 07777) != 0) return path_error("cannot set the mode of", path, errno);
    const timespec times[2] = {status.st_atim, status.st_mtim};
    if (::futimens(fd, times) != 0) return path_error("cannot set the times of", path, errno);
    return {};
  }

  static Result<std::vector<std::string>> names_in(int folder, const Path& path) {
    Fd listed(::fcntl(folder, F_DUPFD_CLOEXEC, 0));
    if (!listed) return path_error("cannot list", path, errno);
    const OpenDirectory entries(::fdopendir(listed.get()));
    if (!entries) return path_error("cannot list", path, errno);
    (void)listed.release();
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(entries.get())) {
      std::string name = entry->d_name;
      if (name != "." && name != "..") names.push_back(std::move(name));
    }
    return names;
  }

  void remember_root(int folder) {
    struct stat status {};
    root_made_ = ::fstat(folder, &status) == 0;
    root_device_ = status.st_dev;
    root_inode_ = status.st_ino;
  }

  bool root_made_ = false;
  dev_t root_device_ = 0;
  ino_t root_inode_ = 0;
};

}  // namespace

Result<void> copy_tree(const Path& from, const Path& to) {
  const Path target = to.has_filename() ? to : to.parent_path();
  if (base::is_directory(from)) {
    TRY(make_directories(target.parent_path()));
  }
  return Copier().copy({AT_FDCWD, from.string(), from}, {AT_FDCWD, target.string(), target});
}

}  // namespace base
