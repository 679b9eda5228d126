#include "runner/workspace_snapshots.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <ctime>
#include <memory>
#include <set>
#include <utility>

#include "base/strings.h"

namespace runner {

namespace {

constexpr int kDeepestFolder = 100;
constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
// A file that changed so shortly before it was looked at may have changed again at the same time of the
// clock.
constexpr std::int64_t kClockTickNs = 20'000'000;
constexpr std::size_t kLargestSearched = 64U << 20;

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

std::int64_t nanoseconds(const timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * kNanosecondsPerSecond + time.tv_nsec;
}

std::int64_t now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return nanoseconds(now);
}

base::Result<std::vector<std::string>> names_of_folder(int folder) {
  base::Fd again(::fcntl(folder, F_DUPFD_CLOEXEC, 0));
  const std::unique_ptr<DIR, CloseFolder> opened(again ? ::fdopendir(again.get()) : nullptr);
  if (!opened) return base::system_error("listing the workspace", errno);
  (void)again.release();
  ::rewinddir(opened.get());
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(opened.get())) {
    std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(std::move(name));
  }
  return names;
}

base::Result<base::Fd> open_folder_at(int parent, const std::string& name) {
  // Steps may put a symlink in place of a folder at any time.
  base::Fd folder(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder) return base::system_error("opening the folder " + name + " of the workspace", errno);
  return folder;
}

base::Path tree_path(const base::Path& folder, int step) {
  return folder / std::to_string(step) / "workspace";
}

base::Result<void> copy_bytes(int from, int to, bool& shares_blocks) {
  if (::ioctl(to, FICLONE, from) == 0) {
    shares_blocks = true;
    return {};
  }
  while (true) {
    const ssize_t count = ::copy_file_range(from, nullptr, to, nullptr, 1U << 30, 0);
    if (count == 0) return {};
    if (count > 0 || errno == EINTR) continue;
    if (errno != EXDEV && errno != EINVAL && errno != EOPNOTSUPP && errno != ENOSYS)
      return base::system_error("keeping the workspace", errno);
    break;
  }
  char buffer[64 * 1024];
  while (true) {
    const ssize_t count = ::read(from, buffer, sizeof buffer);
    if (count == 0) return {};
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return base::system_error("keeping the workspace", errno);
    TRY(base::write_all(to, {buffer, static_cast<std::size_t>(count)}));
  }
}

}  // namespace

/// Lists what is there, up to the limit.
class WorkspaceSnapshots::Scan {
 public:
  explicit Scan(const SnapshotLimits& limits) : limits_(limits) {}

  base::Result<Manifest> run(const base::Path& root) {
    TRY(const auto folder, base::open_directory(root));
    TRY(add_folder(folder.get(), "", 0));
    return std::move(manifest_);
  }

 private:
  base::Result<void> add_folder(int folder, const std::string& prefix, int depth) {
    if (depth > kDeepestFolder)
      return base::invalid_input(fmt::format("it has more than {} folders in one another", kDeepestFolder));
    TRY(const auto names, names_of_folder(folder));
    for (const auto& name : names) {
      struct stat status {};
      if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
      if (manifest_.size() >= limits_.entries)
        return base::invalid_input(fmt::format("it has more than {} files and folders", limits_.entries));
      manifest_[prefix + name] = {.inode = status.st_ino,
                                  .changed_ns = nanoseconds(status.st_ctim),
                                  .size = static_cast<std::uint64_t>(status.st_size),
                                  .mode = status.st_mode};
      if (!S_ISDIR(status.st_mode)) continue;
      TRY(const auto inner, open_folder_at(folder, name));
      TRY(add_folder(inner.get(), prefix + name + "/", depth + 1));
    }
    return {};
  }

  const SnapshotLimits& limits_;
  Manifest manifest_;
};

/// Makes the tree of a step: files that are known from the one before get one more name, others are copied.
class WorkspaceSnapshots::Copy {
 public:
  Copy(WorkspaceSnapshots& of, const Manifest& now) : of_(of), now_(now) {}

  base::Result<void> run(const base::Path& to) {
    TRY(base::make_directories(to, 0700));
    TRY(const auto source, base::open_directory(of_.workspace_));
    TRY(const auto target, base::open_directory(to));
    base::Fd before;
    if (of_.last_tree_) {
      TRY(before, base::open_directory(tree_path(of_.folder_, *of_.last_tree_)));
    }
    return copy_folder(source.get(), before.get(), target.get(), "");
  }

 private:
  base::Result<void> copy_folder(int source, int before, int target, const std::string& prefix) {
    TRY(const auto names, names_of_folder(source));
    for (const auto& name : names) {
      const auto known = now_.find(prefix + name);
      if (known == now_.end()) continue;  // made after the scan, by what runs beside
      if (S_ISDIR(known->second.mode)) {
        TRY(copy_inner_folder(source, before, target, prefix, name));
      } else if (S_ISREG(known->second.mode)) {
        TRY(copy_file(source, before, target, prefix, name, known->second));
      } else if (S_ISLNK(known->second.mode)) {
        copy_link(source, target, name);
      }
    }
    return {};
  }

  base::Result<void> copy_inner_folder(int source, int before, int target, const std::string& prefix,
                                       const std::string& name) {
    TRY(const auto inner, open_folder_at(source, name));
    if (::mkdirat(target, name.c_str(), 0700) != 0) return base::system_error("keeping the workspace", errno);
    TRY(const auto made, open_folder_at(target, name));
    base::Fd earlier;
    if (before >= 0)
      earlier.reset(::openat(before, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    return copy_folder(inner.get(), earlier.get(), made.get(), prefix + name + "/");
  }

  base::Result<void> copy_file(int source, int before, int target, const std::string& prefix,
                               const std::string& name, const Identity& identity) {
    const auto last = of_.last_.find(prefix + name);
    const bool is_same = before >= 0 && last != of_.last_.end() && last->second == identity &&
                         identity.changed_ns + kClockTickNs < of_.last_taken_ns_;
    if (is_same && ::linkat(before, name.c_str(), target, name.c_str(), 0) == 0) return {};
    const base::Fd from(::openat(source, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!from) return base::system_error("keeping the workspace's file " + prefix + name, errno);
    const base::Fd to(
        ::openat(target, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!to) return base::system_error("keeping the workspace's file " + prefix + name, errno);
    if (!shares_blocks_ && of_.copied_ + identity.size > of_.limits_.bytes) {
      return base::invalid_input(
          fmt::format("its changed files are more than {}", base::format_bytes(of_.limits_.bytes)));
    }
    TRY(copy_bytes(from.get(), to.get(), shares_blocks_));
    if (!shares_blocks_) of_.copied_ += identity.size;
    // Never set-user-id: the file is the runner's own here.
    ::fchmod(to.get(), identity.mode & 0777);
    struct stat status {};
    if (::fstat(from.get(), &status) == 0) {
      const timespec times[2] = {status.st_atim, status.st_mtim};
      ::futimens(to.get(), times);
    }
    return {};
  }

  static void copy_link(int source, int target, const std::string& name) {
    std::string text(PATH_MAX, '\0');
    const ssize_t length = ::readlinkat(source, name.c_str(), text.data(), text.size());
    if (length <= 0) return;
    text.resize(static_cast<std::size_t>(length));
    (void)::symlinkat(text.c_str(), target, name.c_str());
  }

  WorkspaceSnapshots& of_;
  const Manifest& now_;
  bool shares_blocks_ = false;
};

WorkspaceSnapshots::WorkspaceSnapshots(base::Path folder, base::Path workspace, SnapshotLimits limits)
    : folder_(std::move(folder)), workspace_(std::move(workspace)), limits_(limits) {}

bool WorkspaceSnapshots::take(int step) {
  if (!why_off_.empty()) return false;
  auto kept = keep(step);
  if (kept) return true;
  why_off_ = kept.error().message;
  (void)base::remove_tree(folder_ / std::to_string(step));
  last_ = {};
  return false;
}

base::Result<void> WorkspaceSnapshots::keep(int step) {
  const auto begun = now_ns();
  TRY(auto now, Scan(limits_).run(workspace_));
  const bool is_old_enough = std::all_of(now.begin(), now.end(), [&](const auto& entry) {
    return entry.second.changed_ns + kClockTickNs < last_taken_ns_;
  });
  if (last_tree_ && now == last_ && is_old_enough) return {};
  TRY(Copy(*this, now).run(tree_path(folder_, step)));
  last_ = std::move(now);
  last_taken_ns_ = begun;
  last_tree_ = step;
  return {};
}

base::Result<base::Path> WorkspaceSnapshots::tree_of(const base::Path& folder, int step) {
  std::int64_t best = 0;
  const auto names = base::list_directory(folder).value_or({});
  for (const auto& name : names) {
    const auto number = base::parse_integer(name).value_or(0);
    if (number <= step && base::is_directory(tree_path(folder, static_cast<int>(number))))
      best = std::max(best, number);
  }
  if (best > 0) return tree_path(folder, static_cast<int>(best));
  return base::make_error(base::ErrorKind::not_found,
                          fmt::format("the workspace before step {} was not kept", step));
}

base::Result<std::vector<std::string>> WorkspaceSnapshots::remove_secrets(const base::Path& folder,
                                                                          const steps::SecretMasker& masker) {
  std::set<std::string> removed;
  std::map<std::uint64_t, bool> known;  // by inode: names of one file are searched once
  std::error_code error;
  std::vector<base::Path> files;
  for (std::filesystem::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (!entry->is_directory(error) || entry->is_symlink(error)) files.push_back(entry->path());
  }
  if (error) return base::system_error("searching the kept workspaces", error.value());
  for (const auto& file : files) {
    struct stat status {};
    if (::lstat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    const auto [found, is_new] = known.try_emplace(status.st_ino, false);
    if (is_new) {
      const auto text = base::read_file(file, kLargestSearched);
      found->second = !text || masker.holds_secret(*text);
    }
    if (!found->second && !masker.holds_secret(file.filename().string())) continue;
    if (::unlink(file.c_str()) != 0) return base::system_error("removing " + file.string(), errno);
    auto name = file.lexically_relative(folder);
    // STEP/workspace/NAME
    auto part = name.begin();
    std::advance(part, std::min<std::ptrdiff_t>(2, std::distance(name.begin(), name.end())));
    base::Path inside;
    for (; part != name.end(); ++part) inside /= *part;
    removed.insert(inside.string());
  }
  return std::vector<std::string>(removed.begin(), removed.end());
}

}  // namespace runner
