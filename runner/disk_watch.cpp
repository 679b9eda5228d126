#include "runner/disk_watch.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "base/fd.h"
#include "base/strings.h"

namespace runner {

namespace {

constexpr std::chrono::milliseconds kShortestPause{250};
constexpr int kPausesPerLook = 10;  // of what a look takes
constexpr std::uint64_t kBlock = 512;
constexpr std::uint64_t kLeast = 4096;  // of an entry without blocks: there are only so many inodes, too
constexpr int kDeepest = 200;

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

// Below descriptors only: a step may put a symlink in the place of any folder at any time.
std::uint64_t use_below(base::Fd folder, int depth, const std::stop_token& stop) {
  const std::unique_ptr<DIR, CloseFolder> entries(::fdopendir(folder.get()));
  if (!entries) return 0;
  const int at = folder.release();  // the stream's now
  std::uint64_t bytes = 0;
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (stop.stop_requested()) return bytes;
    struct stat status {};
    if (::fstatat(at, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    const auto used = std::max(static_cast<std::uint64_t>(status.st_blocks) * kBlock, kLeast);
    // A file of several names is one file, though it may be counted a little short.
    bytes += S_ISREG(status.st_mode) && status.st_nlink > 1 ? used / status.st_nlink : used;
    if (!S_ISDIR(status.st_mode) || depth >= kDeepest) continue;
    base::Fd below(::openat(at, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
    if (below) bytes += use_below(std::move(below), depth + 1, stop);
  }
  return bytes;
}

}  // namespace

std::uint64_t disk_use(const std::vector<base::Path>& folders, const std::stop_token& stop) {
  std::uint64_t bytes = 0;
  for (const auto& path : folders) {
    base::Fd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (folder) bytes += use_below(std::move(folder), 0, stop);
  }
  return bytes;
}

DiskWatch::DiskWatch(std::vector<base::Path> folders, std::uint64_t limit, std::function<void()> exceeded)
    : folders_(std::move(folders)),
      limit_(limit),
      exceeded_(std::move(exceeded)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

std::string DiskWatch::limit_that_ended_it() const {
  const std::uint64_t seen = seen_;
  if (seen == 0) return "";
  return fmt::format("killed: the job's folders hold {}, disk limit {}", base::format_bytes(seen),
                     base::format_bytes(limit_));
}

void DiskWatch::run(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any ended;
  while (!stop.stop_requested()) {
    const auto begin = std::chrono::steady_clock::now();
    const auto bytes = disk_use(folders_, stop);
    if (bytes > limit_ && !stop.stop_requested()) {
      seen_ = bytes;
      exceeded_();
    }
    const auto took = std::chrono::steady_clock::now() - begin;
    std::unique_lock lock(mutex);
    ended.wait_for(lock, stop, std::max<std::chrono::nanoseconds>(kShortestPause, took * kPausesPerLook),
                   [] { return false; });
  }
}

}  // namespace runner
