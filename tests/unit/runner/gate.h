#pragma once
// Closed until it is opened; threads of a test wait at it, so that no test has to sleep.

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace runner {

/// Only so that a test of broken code ends.
constexpr std::chrono::seconds kGiveUp{20};

class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  /// False when the stop came first, or nothing came at all.
  bool wait(const std::stop_token& stop = {}) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, stop, kGiveUp, [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool open_ = false;
};

}  // namespace runner
