#pragma once
// Where threads of jobs tell the loop of the scheduler that they are done.

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "runner/job_graph.h"

namespace runner {

class DoneQueue {
 public:
  void push(Leg* leg, JobResult result) {
    const std::lock_guard lock(mutex_);
    done_.emplace_back(leg, std::move(result));
    changed_.notify_one();
  }
  void wake() {
    const std::lock_guard lock(mutex_);
    woken_ = true;
    changed_.notify_one();
  }
  /// The next that is done; nothing when only woken.
  std::optional<std::pair<Leg*, JobResult>> wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !done_.empty() || woken_; });
    woken_ = false;
    if (done_.empty()) return std::nullopt;
    auto next = std::move(done_.front());
    done_.pop_front();
    return next;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<Leg*, JobResult>> done_;
  bool woken_ = false;
};

}  // namespace runner
