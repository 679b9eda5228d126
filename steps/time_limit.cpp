#include "steps/time_limit.h"

namespace steps {

TimeLimit::TimeLimit(std::stop_token outer, Options options)
    : options_(std::move(options)),
      outer_(std::move(outer), PassOn{this}),
      at_once_(options_.at_once, Stop{source_}) {
  if (!options_.limit && !options_.grace) return;
  timer_ = std::jthread([this](const std::stop_token& unneeded) { wait(unneeded); });
}

void TimeLimit::on_outer_stop() {
  if (!options_.grace) {
    source_.request_stop();
    return;
  }
  const std::lock_guard lock(mutex_);
  outer_stopped_ = true;
  changed_.notify_all();
}

void TimeLimit::wait(const std::stop_token& unneeded) {
  using Clock = std::chrono::steady_clock;
  std::optional<Clock::time_point> deadline;
  if (options_.limit) deadline = Clock::now() + *options_.limit;
  End reason = End::limit;
  bool grace_began = false;
  std::unique_lock lock(mutex_);
  while (!unneeded.stop_requested() && !source_.stop_requested()) {
    if (outer_stopped_ && !grace_began) {
      grace_began = true;
      const Clock::time_point end = Clock::now() + *options_.grace;
      if (!deadline || end < *deadline) {
        deadline = end;
        reason = End::grace;
      }
    }
    if (deadline && Clock::now() >= *deadline) {
      end_ = reason;
      source_.request_stop();
      return;
    }
    const auto news = [&] { return outer_stopped_ && !grace_began; };
    if (deadline) {
      changed_.wait_until(lock, unneeded, *deadline, news);
    } else {
      changed_.wait(lock, unneeded, news);
    }
  }
}

}  // namespace steps
