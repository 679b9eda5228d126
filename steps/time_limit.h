#pragma once
// A stop_token for one step: stops when the job does or when the step's time is up, and knows which it was.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>

namespace steps {

class TimeLimit {
 public:
  struct Options {
    std::optional<std::chrono::milliseconds> limit;  ///< of the step
    /// The outer stop does not stop the step, but from then on it has only so long.
    std::optional<std::chrono::milliseconds> grace;
    std::stop_token at_once;  ///< stops it without any grace
  };
  TimeLimit(std::stop_token outer, Options options);
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;

  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }
  /// The step's own time was up before anything else asked for the end.
  [[nodiscard]] bool expired() const { return end_ == End::limit; }
  /// The grace after the outer stop was up.
  [[nodiscard]] bool grace_expired() const { return end_ == End::grace; }

 private:
  enum class End { none, limit, grace };
  void on_outer_stop();
  void wait(const std::stop_token& unneeded);

  Options options_;
  std::stop_source source_;
  std::atomic<End> end_ = End::none;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool outer_stopped_ = false;
  struct PassOn {
    TimeLimit* to;
    void operator()() const { to->on_outer_stop(); }
  };
  std::stop_callback<PassOn> outer_;
  struct Stop {
    std::stop_source source;
    void operator()() { source.request_stop(); }
  };
  std::stop_callback<Stop> at_once_;
  std::jthread timer_;  ///< last: it ends first
};

}  // namespace steps
