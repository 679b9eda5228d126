#pragma once
// A Clock that stands still until a test moves it or somebody sleeps on it; no real time passes.

#include <mutex>
#include <vector>

#include "base/clock.h"

namespace fakes {

class FakeClock : public base::Clock {
 public:
  /// Starts at 2026-01-02T03:04:05Z unless told otherwise.
  explicit FakeClock(base::WallTime start = base::from_epoch_seconds(1767323045)) : start_(start) {}

  base::WallTime now() override {
    const std::lock_guard lock(mutex_);
    return start_ + elapsed_;
  }
  base::SteadyTime steady_now() override {
    const std::lock_guard lock(mutex_);
    return base::SteadyTime(std::chrono::hours(1)) + elapsed_;
  }
  /// Moves the time by all of it at once; a stop that came before leaves it where it is.
  bool sleep_for(std::chrono::milliseconds time, std::stop_token stop) override {
    if (stop.stop_requested()) return false;
    const std::lock_guard lock(mutex_);
    sleeps_.push_back(time);
    elapsed_ += time;
    return true;
  }

  void advance(std::chrono::milliseconds time) {
    const std::lock_guard lock(mutex_);
    elapsed_ += time;
  }
  /// What was slept, in order.
  std::vector<std::chrono::milliseconds> sleeps() {
    const std::lock_guard lock(mutex_);
    return sleeps_;
  }

 private:
  std::mutex mutex_;
  base::WallTime start_;
  std::chrono::milliseconds elapsed_{0};
  std::vector<std::chrono::milliseconds> sleeps_;
};

}  // namespace fakes
