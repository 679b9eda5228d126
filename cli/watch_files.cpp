#include "cli/watch_files.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>

#include "base/git.h"

namespace cli {

namespace {

constexpr std::uint32_t kChanges =
    IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_EXCL_UNLINK | IN_ONLYDIR;
// An editor writes a file in several steps, a checkout writes many: what comes within this time is one
// change.
constexpr int kQuietMilliseconds = 200;
// But something that never ends changing does not put the run off for ever.
constexpr int kMostQuietPeriods = 50;

std::string below(const std::string& folder, const std::string& name) {
  return folder.empty() ? name : folder + "/" + name;
}

std::set<std::string> folders_of(const std::vector<std::string>& files) {
  std::set<std::string> folders{""};
  for (const std::string& file : files) {
    for (std::size_t slash = file.rfind('/'); slash != std::string::npos;
         slash = file.rfind('/', slash - 1)) {
      if (!folders.insert(file.substr(0, slash)).second || slash == 0) break;
    }
  }
  return folders;
}

}  // namespace

WatchedFiles::WatchedFiles(base::Path work_tree, const base::Path& left_out)
    : work_tree_(std::move(work_tree)), left_out_(left_out.lexically_normal()) {}

base::Result<WatchedFiles> WatchedFiles::start(const base::Path& work_tree, const base::Path& left_out) {
  std::error_code ignored;
  WatchedFiles watched(std::filesystem::canonical(work_tree, ignored), left_out);
  watched.inotify_ = base::Fd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!watched.inotify_) return base::system_error("inotify_init", errno);
  TRY(const auto files, base::list_work_tree_files(work_tree));
  for (const std::string& file : files) {
    if (!watched.is_never_watched(file)) watched.known_.insert(file);
  }
  TRY(watched.watch_tree("", folders_of(files)));
  return watched;
}

bool WatchedFiles::is_never_watched(const std::string& relative) const {
  const std::string framed = "/" + relative + "/";
  if (framed.find("/.git/") != std::string::npos) return true;
  const base::Path from_left_out = (work_tree_ / relative).lexically_normal().lexically_relative(left_out_);
  return !left_out_.empty() && !from_left_out.empty() && *from_left_out.begin() != "..";
}

bool WatchedFiles::is_left_out(const std::string& relative) const {
  if (is_never_watched(relative)) return true;
  const auto ignored = base::is_ignored(work_tree_, relative);
  return ignored && *ignored && !known_.contains(relative);
}

base::Result<void> WatchedFiles::watch_folder(const std::string& relative) {
  const base::Path path = work_tree_ / relative;
  const int watch = ::inotify_add_watch(inotify_.get(), path.c_str(), kChanges);
  if (watch >= 0) {
    folders_[watch] = relative;
    return {};
  }
  if (errno == ENOENT || errno == ENOTDIR || errno == EACCES)
    return {};  // gone meanwhile, or not ours to see
  if (errno == ENOSPC) {
    return base::make_error(
        base::ErrorKind::denied,
        fmt::format("cannot watch {}: this user's inotify watches are used up ({} are taken "
                    "here); raise them with sysctl fs.inotify.max_user_watches=524288",
                    path.string(), folders_.size()));
  }
  return base::system_error(fmt::format("watching {}", path.string()), errno);
}

base::Result<void> WatchedFiles::watch_tree(const std::string& relative,
                                            const std::set<std::string>& known_folders) {
  TRY(watch_folder(relative));
  std::error_code error;
  for (std::filesystem::directory_iterator entry(work_tree_ / relative, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code gone;
    if (!entry->is_directory(gone) || entry->is_symlink(gone)) continue;
    const std::string folder = below(relative, entry->path().filename().string());
    // Of a folder that holds files of the repository git need not be asked.
    if (is_never_watched(folder) || (!known_folders.contains(folder) && is_left_out(folder + "/"))) continue;
    TRY(watch_tree(folder, known_folders));
  }
  return {};
}

base::Result<void> WatchedFiles::note_change(int folder, std::uint32_t mask, const std::string& name,
                                             std::set<std::string>& changes) {
  if ((mask & IN_IGNORED) != 0) folders_.erase(folder);
  const auto found = folders_.find(folder);
  if (found == folders_.end() || name.empty()) return {};
  const std::string path = below(found->second, name);
  if ((mask & IN_ISDIR) == 0) {
    if (!is_left_out(path)) changes.insert(path);
    return {};
  }
  if (is_left_out(path + "/")) return {};
  if ((mask & (IN_DELETE | IN_MOVED_FROM)) != 0) {
    for (auto file = known_.lower_bound(path + "/"); file != known_.end() && file->starts_with(path + "/");
         ++file)
      changes.insert(*file);
    return {};
  }
  TRY(watch_tree(path, {}));
  // What was put into it before the watch was there.
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator entry(work_tree_ / path, error), end;
       !error && entry != end; entry.increment(error)) {
    std::error_code gone;
    if (entry->is_directory(gone)) continue;
    const std::string file = entry->path().lexically_relative(work_tree_).string();
    if (!is_left_out(file)) changes.insert(file);
  }
  return {};
}

base::Result<void> WatchedFiles::read_changes(std::set<std::string>& changes) {
  alignas(inotify_event) std::array<char, 16384> buffer;
  for (;;) {
    const ssize_t size = ::read(inotify_.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return {};
    for (ssize_t at = 0; at < size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
      if ((event->mask & IN_Q_OVERFLOW) != 0) {
        // More happened than the kernel keeps: then any file may have changed.
        changes.insert(known_.begin(), known_.end());
        continue;
      }
      TRY(note_change(event->wd, event->mask, event->len > 0 ? event->name : "", changes));
    }
  }
}

std::vector<std::string> WatchedFiles::worth_telling(const std::set<std::string>& changes) {
  std::vector<std::string> told;
  for (const std::string& path : changes) {
    std::error_code error;
    const bool there = std::filesystem::exists(std::filesystem::symlink_status(work_tree_ / path, error));
    if (!there && known_.erase(path) == 0) continue;
    if (there) known_.insert(path);
    told.push_back(path);
  }
  return told;
}

base::Result<std::vector<std::string>> WatchedFiles::next_changes(const std::stop_token& stop) {
  const base::Fd wake(::eventfd(0, EFD_CLOEXEC));
  if (!wake) return base::system_error("eventfd", errno);
  const std::stop_callback on_stop(stop, [&wake] {
    const std::uint64_t one = 1;
    (void)!::write(wake.get(), &one, sizeof one);
  });
  std::set<std::string> changes;
  int periods = 0;
  while (!stop.stop_requested()) {
    std::array<pollfd, 2> waited{{{inotify_.get(), POLLIN, 0}, {wake.get(), POLLIN, 0}}};
    const int ready = ::poll(waited.data(), waited.size(), changes.empty() ? -1 : kQuietMilliseconds);
    if (ready < 0 && errno != EINTR) return base::system_error("poll", errno);
    if (ready > 0 && (waited[0].revents & POLLIN) != 0) TRY(read_changes(changes));
    const bool quiet = ready == 0 || ++periods > kMostQuietPeriods;
    if (changes.empty() || !quiet) continue;
    auto told = worth_telling(changes);
    if (!told.empty()) return told;
    changes.clear();
    periods = 0;
  }
  return std::vector<std::string>();
}

}  // namespace cli
