#include "base/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include <fmt/format.h>

namespace base {

namespace {

Error path_error(std::string_view what, const Path& path, int error_number) {
  return system_error(fmt::format("{} {}", what, path.string()), error_number);
}

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

// Removes what `name` is below `parent`; folders of mode 000 are opened up first.
int remove_at(int parent, const char* name) {
  if (::unlinkat(parent, name, 0) == 0 || errno == ENOENT) return 0;
  if (errno != EISDIR && errno != EPERM) return errno;
  int fd = ::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 && errno == EACCES) {
    ::fchmodat(parent, name, 0700, 0);
    fd = ::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  }
  if (fd < 0) return errno;
  ::fchmod(fd, 0700);  // ours to remove, so ours to open; a failure shows in what follows
  const std::unique_ptr<DIR, CloseDirectory> directory(::fdopendir(fd));
  if (!directory) {
    ::close(fd);
    return errno;
  }
  int failure = 0;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view entry_name = entry->d_name;
    if (entry_name == "." || entry_name == "..") continue;
    if (const int error = remove_at(fd, entry->d_name); error != 0) failure = error;
  }
  if (::unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT) return 0;
  return failure != 0 ? failure : errno;
}

Result<void> copy_content(int from, int to, const Path& path) {
  if (::ioctl(to, FICLONE, from) == 0) return {};
  while (true) {
    const ssize_t count = ::copy_file_range(from, nullptr, to, nullptr, 1U << 30, 0);
    if (count == 0) return {};
    if (count < 0) {
      if (errno == EINTR) continue;
      return path_error("copying", path, errno);
    }
  }
}

Result<void> copy_entry(int from, int to, const char* name, const Path& path);

Result<void> copy_directory(int from, int to, const char* name, const struct stat& status, const Path& path) {
  const Fd source(::openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!source) return path_error("opening", path, errno);
  if (::mkdirat(to, name, 0700) != 0 && errno != EEXIST) return path_error("making", path, errno);
  const Fd destination(::openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!destination) return path_error("opening", path, errno);
  TRY(const auto names, list_directory(Path("/proc/self/fd") / std::to_string(source.get())));
  for (const auto& entry : names) TRY(copy_entry(source.get(), destination.get(), entry.c_str(), path / entry));
  ::fchmod(destination.get(), status.st_mode & 07777);
  const timespec times[2] = {status.st_atim, status.st_mtim};
  ::futimens(destination.get(), times);
  return {};
}

Result<void> copy_entry(int from, int to, const char* name, const Path& path) {
  struct stat status {};
  if (::fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return path_error("reading", path, errno);
  if (S_ISDIR(status.st_mode)) return copy_directory(from, to, name, status, path);
  if (S_ISLNK(status.st_mode)) {
    std::string target(static_cast<std::size_t>(std::max<off_t>(status.st_size, 4096)), '\0');
    const ssize_t length = ::readlinkat(from, name, target.data(), target.size());
    if (length < 0) return path_error("reading the link", path, errno);
    target.resize(static_cast<std::size_t>(length));
    ::unlinkat(to, name, 0);
    if (::symlinkat(target.c_str(), to, name) != 0) return path_error("linking", path, errno);
    return {};
  }
  if (!S_ISREG(status.st_mode)) return {};  // sockets, FIFOs and devices are not content
  const Fd source(::openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!source) return path_error("opening", path, errno);
  ::unlinkat(to, name, 0);
  const Fd destination(::openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!destination) return path_error("making", path, errno);
  TRY(copy_content(source.get(), destination.get(), path));
  ::fchmod(destination.get(), status.st_mode & 07777);
  const timespec times[2] = {status.st_atim, status.st_mtim};
  ::futimens(destination.get(), times);
  return {};
}

Path parent_of(const Path& path) {
  const Path parent = path.parent_path();
  return parent.empty() ? Path(".") : parent;
}

}  // namespace

Result<std::string> read_file(const Path& path, std::size_t limit) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return path_error("cannot read", path, errno);
  return read_all(fd.get(), limit).while_doing("reading " + path.string());
}

Result<void> write_file(const Path& path, std::string_view content, mode_t mode) {
  std::string temporary = path.string() + ".XXXXXX";
  const Fd fd(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd) return path_error("cannot write", path, errno);
  auto written = write_all(fd.get(), content);
  if (written && ::fchmod(fd.get(), mode) != 0) written = path_error("chmod", path, errno);
  if (written && ::rename(temporary.c_str(), path.c_str()) != 0) written = path_error("cannot write", path, errno);
  if (!written) ::unlink(temporary.c_str());
  return std::move(written).while_doing("writing " + path.string());
}

Result<void> append_file(const Path& path, std::string_view content, mode_t mode) {
  const Fd fd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, mode));
  if (!fd) return path_error("cannot append to", path, errno);
  return write_all(fd.get(), content).while_doing("appending to " + path.string());
}

Result<void> make_directories(const Path& path, mode_t mode) {
  if (path.empty() || ::mkdir(path.c_str(), mode) == 0) return {};
  if (errno == EEXIST) {
    if (base::is_directory(path)) return {};
    return path_error("cannot make the folder", path, ENOTDIR);
  }
  if (errno != ENOENT) return path_error("cannot make the folder", path, errno);
  TRY(make_directories(parent_of(path.has_filename() ? path : path.parent_path()), mode));
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return path_error("cannot make the folder", path, errno);
  return {};
}

Result<void> remove_tree(const Path& path) {
  if (const int error = remove_at(AT_FDCWD, path.c_str()); error != 0 && error != ENOENT && error != ENOTDIR) {
    return path_error("cannot remove", path, error);
  }
  return {};
}

Result<void> copy_tree(const Path& from, const Path& to) {
  struct stat status {};
  if (::lstat(from.c_str(), &status) != 0) return path_error("cannot read", from, errno);
  if (S_ISDIR(status.st_mode)) {
    TRY(make_directories(to));
    TRY(const auto source, open_directory(from));
    TRY(const auto destination, open_directory(to));
    TRY(const auto names, list_directory(from));
    for (const auto& name : names) TRY(copy_entry(source.get(), destination.get(), name.c_str(), from / name));
    ::fchmod(destination.get(), status.st_mode & 07777);
    return {};
  }
  const Fd source(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (!source) return path_error("cannot read", from, errno);
  const Fd destination(::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, status.st_mode & 0777));
  if (!destination) return path_error("cannot write", to, errno);
  return copy_content(source.get(), destination.get(), from);
}

bool exists(const Path& path) { return ::access(path.c_str(), F_OK) == 0; }

bool is_directory(const Path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

Result<std::vector<std::string>> list_directory(const Path& path) {
  const std::unique_ptr<DIR, CloseDirectory> directory(::opendir(path.c_str()));
  if (!directory) return path_error("cannot list", path, errno);
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(directory.get())) {
    std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<Fd> open_beneath(int directory, const Path& relative, int flags, mode_t mode) {
  open_how how{};
  how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
  how.mode = (flags & (O_CREAT | __O_TMPFILE)) != 0 ? mode : 0;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  const std::string path = relative.empty() ? "." : relative.string();
  const auto fd = static_cast<int>(::syscall(SYS_openat2, directory, path.c_str(), &how, sizeof how));
  if (fd < 0) return path_error("cannot open", relative, errno);
  return Fd(fd);
}

Result<Fd> open_directory(const Path& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return path_error("cannot open the folder", path, errno);
  return fd;
}

Result<FileLock> FileLock::acquire(const Path& path) {
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return path_error("cannot open the lock", path, errno);
  while (::flock(fd.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return path_error("cannot lock", path, errno);
  }
  return FileLock(std::move(fd));
}

Result<std::optional<FileLock>> FileLock::try_acquire(const Path& path) {
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return path_error("cannot open the lock", path, errno);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return std::optional<FileLock>(FileLock(std::move(fd)));
  if (errno == EWOULDBLOCK) return std::optional<FileLock>();
  return path_error("cannot lock", path, errno);
}

}  // namespace base
