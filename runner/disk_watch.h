#pragma once
// How much a job's folders hold, looked at while it runs: where the limit is passed its processes are killed.
// A file system's quota would refuse the write itself, but few have one.

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/files.h"

namespace runner {

/// Bytes of the blocks below these folders, 4 KiB for what has none; symlinks are not followed, what cannot
/// be read is not counted.
std::uint64_t disk_use(const std::vector<base::Path>& folders, const std::stop_token& stop = {});

class DiskWatch {
 public:
  /// `exceeded` is called on a thread of its own, again and again while there is too much.
  DiskWatch(std::vector<base::Path> folders, std::uint64_t limit, std::function<void()> exceeded);
  /// What to say of a process that it ended; empty while all is well.
  [[nodiscard]] std::string limit_that_ended_it() const;

 private:
  void run(const std::stop_token& stop);
  std::vector<base::Path> folders_;
  std::uint64_t limit_;
  std::function<void()> exceeded_;
  std::atomic<std::uint64_t> seen_ = 0;
  std::jthread thread_;
};

}  // namespace runner
