#include "base/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/path_error.h"

namespace base {

namespace {

constexpr int kOpenAttempts = 32;

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
  if (written && ::rename(temporary.c_str(), path.c_str()) != 0)
    written = path_error("cannot write", path, errno);
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
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST)
    return path_error("cannot make the folder", path, errno);
  return {};
}

bool exists(const Path& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

bool is_directory(const Path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

Result<std::vector<std::string>> list_directory(const Path& path) {
  const OpenDirectory directory(::opendir(path.c_str()));
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
  // EAGAIN: something was renamed while a ".." was looked up, so that the kernel could not vouch for it.
  for (int attempt = 0; attempt < kOpenAttempts; ++attempt) {
    const auto fd = static_cast<int>(::syscall(SYS_openat2, directory, path.c_str(), &how, sizeof how));
    if (fd >= 0) return Fd(fd);
    if (errno != EAGAIN && errno != EINTR) break;
  }
  return path_error("cannot open", relative, errno);
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
