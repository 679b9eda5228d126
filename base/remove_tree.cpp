#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "base/files.h"

namespace base {

namespace {

// Deeper folders are first moved up to the top: a job may have left more levels than there are descriptors.
constexpr int kDeepest = 64;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

/// Removes what is in one folder, by descriptors and names only, so that no path can be swapped under it.
class Remover {
 public:
  explicit Remover(int top) : top_(top) {}

  /// 0 or the error number of the last entry that could not be removed.
  int run() {
    int failure = 0;
    do {
      moved_up_ = false;
      failure = empty(top_, 0);
    } while (moved_up_ && failure == 0);
    return failure;
  }
  /// The name of the entry that stayed.
  [[nodiscard]] const std::string& stayed() const { return stayed_; }

  // chmod by name would follow a symlink that was put in the folder's place.
  static bool allow(int parent, const char* name) {
    const Fd folder(::openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    return folder && ::chmod(fmt::format("/proc/self/fd/{}", folder.get()).c_str(), 0700) == 0;
  }

 private:
  int empty(int folder, int depth) {
    Fd listed(::fcntl(folder, F_DUPFD_CLOEXEC, 0));
    if (!listed) return errno;
    const std::unique_ptr<DIR, CloseDirectory> entries(::fdopendir(listed.get()));
    if (!entries) return errno;
    (void)listed.release();
    ::rewinddir(entries.get());
    int failure = 0;
    while (const dirent* entry = ::readdir(entries.get())) {
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      if (const int error = remove(folder, entry->d_name, depth); error != 0) {
        if (failure == 0 && stayed_.empty()) stayed_ = name;
        failure = error;
      }
    }
    return failure;
  }

  int remove(int parent, const char* name, int depth) {
    if (unlink(parent, name, 0) == 0) return 0;
    const int error = errno;
    if (error != EISDIR && error != EPERM) return error;
    if (depth >= kDeepest) return move_up(parent, name);
    const Fd folder = open_folder(parent, name);
    if (!folder) return errno == ENOTDIR ? error : errno;
    const int failure = empty(folder.get(), depth + 1);
    if (unlink(parent, name, AT_REMOVEDIR) == 0) return 0;
    return failure != 0 ? failure : errno;
  }

  // A folder that lacks its owner's rights gets them: what is ours to remove is ours to open.
  static int unlink(int parent, const char* name, int flags) {
    if (::unlinkat(parent, name, flags) == 0 || errno == ENOENT) return 0;
    if (errno != EACCES || ::fchmod(parent, 0700) != 0) return -1;
    return ::unlinkat(parent, name, flags) == 0 || errno == ENOENT ? 0 : -1;
  }

  // What is mounted below belongs to somebody else: EXDEV.
  static Fd open_folder(int parent, const char* name) {
    open_how how{};
    how.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    how.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS;
    const auto open = [&] {
      return Fd(static_cast<int>(::syscall(SYS_openat2, parent, name, &how, sizeof how)));
    };
    Fd folder = open();
    if (!folder && errno == EACCES && allow(parent, name)) folder = open();
    return folder;
  }

  int move_up(int parent, const char* name) {
    moved_up_ = true;
    while (true) {
      const std::string above = fmt::format(".removed-{}", ++moved_);
      if (::renameat2(parent, name, top_, above.c_str(), RENAME_NOREPLACE) == 0 || errno == ENOENT) return 0;
      if (errno == EEXIST) continue;
      // Moving a folder changes its "..", and so needs its owner's rights too.
      if (errno != EACCES || !allow(parent, name)) return errno;
      if (::fchmod(parent, 0700) != 0 || ::fchmod(top_, 0700) != 0) return errno;
      if (::renameat2(parent, name, top_, above.c_str(), RENAME_NOREPLACE) == 0) return 0;
      if (errno != EEXIST) return errno;
    }
  }

  int top_;
  bool moved_up_ = false;
  std::uint64_t moved_ = 0;
  std::string stayed_;
};

}  // namespace

Result<void> remove_tree(const Path& given) {
  const Path path = given.has_filename() ? given : given.parent_path();  // "folder/" would follow a symlink
  const auto failed = [&](int error, const std::string& stayed) {
    const auto what =
        fmt::format("cannot remove {}{}", path.string(), stayed.empty() ? "" : ", because of " + stayed);
    if (error == EXDEV || error == EBUSY) {
      return make_error(ErrorKind::internal, what + ": a file system is mounted there; unmount it");
    }
    return system_error(what, error);
  };
  if (::unlink(path.c_str()) == 0 || errno == ENOENT || errno == ENOTDIR) return {};
  const int error = errno;
  if (error != EISDIR && error != EPERM) return failed(error, "");
  Fd top(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!top && errno == EACCES && Remover::allow(AT_FDCWD, path.c_str())) {
    top.reset(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  }
  if (!top) return failed(errno == ENOTDIR ? error : errno, "");
  Remover remover(top.get());
  const int failure = remover.run();
  if (::rmdir(path.c_str()) == 0 || errno == ENOENT) return {};
  return failed(failure != 0 ? failure : errno, remover.stayed());
}

}  // namespace base
