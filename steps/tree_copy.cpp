#include "steps/tree_copy.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "steps/job_files.h"

namespace steps {
namespace {

namespace fs = std::filesystem;

base::Result<void> copy_bytes(int from, int to, const std::string& name) {
  if (ioctl(to, FICLONE, from) == 0) return {};
  for (;;) {
    const ssize_t count = copy_file_range(from, nullptr, to, nullptr, 1U << 30, 0);
    if (count > 0) continue;
    if (count == 0) return {};
    if (errno == EINTR) continue;
    break;  // another file system, or an old one: by hand
  }
  std::array<char, 256 << 10> buffer;
  for (;;) {
    const ssize_t count = read(from, buffer.data(), buffer.size());
    if (count == 0) return {};
    if (count < 0) {
      if (errno == EINTR) continue;
      return base::system_error("reading " + name, errno);
    }
    TRY(base::write_all(to, {buffer.data(), static_cast<std::size_t>(count)}).while_doing("writing " + name));
  }
}

/// Copies one tree; keeps the target's last folder open, since neighbours come one after the other.
class TreeCopier {
 public:
  TreeCopier(const base::Path& source, int target, std::uint32_t owner)
      : source_(source), target_(target), owner_(owner) {}

  base::Result<void> copy(const std::string& relative) {
    const base::Path path(relative);
    TRY(open_parent(path.parent_path()));
    const base::Path from = source_ / path;
    struct stat found {};
    if (lstat(from.c_str(), &found) != 0) {
      if (errno == ENOENT || errno == ENOTDIR) return {};
      return base::system_error("reading " + relative, errno);
    }
    const std::string name = path.filename().string();
    if (S_ISDIR(found.st_mode)) {
      TRY(make_folder_for_steps(parent_.get(), name, owner_).while_doing("making folder " + relative));
      return {};
    }
    if (S_ISLNK(found.st_mode)) return copy_symlink(from, name, relative);
    if (S_ISREG(found.st_mode)) return copy_file(from, name, relative, found);
    return {};  // sockets and FIFOs are no part of a work tree
  }

 private:
  base::Result<void> open_parent(const base::Path& folder) {
    if (parent_ && folder == parent_path_) return {};
    parent_.reset();
    TRY(parent_, make_folder_for_steps(target_, folder, owner_));
    parent_path_ = folder;
    return {};
  }

  base::Result<void> make_room(const std::string& name, const std::string& relative) {
    if (unlinkat(parent_.get(), name.c_str(), 0) == 0 || errno == ENOENT) return {};
    base::Fd folder(openat(parent_.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder) return base::system_error("replacing " + relative, errno);
    TRY(remove_contents(folder.get()));
    if (unlinkat(parent_.get(), name.c_str(), AT_REMOVEDIR) != 0) {
      return base::system_error("replacing " + relative, errno);
    }
    return {};
  }

  base::Result<void> copy_symlink(const base::Path& from, const std::string& name,
                                  const std::string& relative) {
    std::error_code error;
    const base::Path to = fs::read_symlink(from, error);
    if (error) return base::system_error("reading symlink " + relative, error.value());
    TRY(make_room(name, relative));
    if (symlinkat(to.c_str(), parent_.get(), name.c_str()) != 0) {
      return base::system_error("making symlink " + relative, errno);
    }
    // Without root it stays the runner's: a symlink's owner decides nothing about reading it.
    (void)!fchownat(parent_.get(), name.c_str(), owner_, owner_, AT_SYMLINK_NOFOLLOW);
    return {};
  }

  base::Result<void> copy_file(const base::Path& from, const std::string& name, const std::string& relative,
                               const struct stat& found) {
    base::Fd input(open(from.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!input)
      return errno == ENOENT ? base::Result<void>() : base::system_error("opening " + relative, errno);
    TRY(make_room(name, relative));
    base::Fd output(
        openat(parent_.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!output) return base::system_error("creating " + relative, errno);
    TRY(copy_bytes(input.get(), output.get(), relative));
    if (fchmod(output.get(), found.st_mode & 0777) != 0)
      return base::system_error("chmod " + relative, errno);
    const std::array<timespec, 2> times = {found.st_mtim, found.st_mtim};
    futimens(output.get(), times.data());
    return give_to_steps(output.get(), owner_);
  }

  base::Path source_;
  int target_;
  std::uint32_t owner_;
  base::Path parent_path_;
  base::Fd parent_;
};

}  // namespace

base::Result<void> copy_files_for_steps(const base::Path& source,
                                        const std::vector<std::string>& relative_paths, int target,
                                        std::uint32_t owner) {
  TreeCopier copier(source, target, owner);
  for (const std::string& path : relative_paths) TRY(copier.copy(path));
  return {};
}

base::Result<std::vector<std::string>> list_tree(
    const base::Path& source, const std::function<bool(const std::string& relative)>& keep) {
  std::vector<std::string> found;
  std::error_code error;
  fs::recursive_directory_iterator entry(source, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    std::string relative = entry->path().lexically_relative(source).string();
    if (keep(relative)) {
      found.push_back(std::move(relative));
    } else if (entry->is_directory(error) && !entry->is_symlink(error)) {
      entry.disable_recursion_pending();
    }
  }
  if (error) return base::system_error(fmt::format("reading {}", source.string()), error.value());
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace steps
