#pragma once
// From kept deliveries to verdicts and queued runs, one delivery after the other. What a crash interrupts is
// done again: a verdict is written after its runs were queued, and a run is queued once. Not for judging.

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "runner/sqlite.h"
#include "server/attempt_queue.h"
#include "server/judge.h"

namespace server {

class Triage {
 public:
  /// `on_queued` is called when there is something to run.
  static base::Result<std::unique_ptr<Triage>> start(const base::Path& state_folder, const Config& config,
                                                     Mirrors& mirrors, AttemptQueue& queue,
                                                     std::function<void()> on_queued);
  Triage(const Triage&) = delete;
  Triage& operator=(const Triage&) = delete;
  ~Triage();
  /// There may be something new.
  void wake();

 private:
  Triage(runner::Sqlite database, const Config& config, Mirrors& mirrors, AttemptQueue& queue,
         std::function<void()> on_queued);
  void run(const std::stop_token& stop);
  bool settle_some(const std::stop_token& stop);
  base::Result<bool> settle(const Delivery& delivery, const std::stop_token& stop);
  base::Result<std::vector<Delivery>> next();

  runner::Sqlite database_;
  const Config& config_;
  Mirrors& mirrors_;
  AttemptQueue& queue_;
  std::function<void()> on_queued_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool woken_ = true;
  std::map<std::int64_t, int> tries_;  ///< of those that could not be judged yet
  std::jthread thread_;                ///< last: it ends first
};

/// With its body.
base::Result<Delivery> find_delivery(runner::Sqlite& database, std::int64_t id);
/// Newest first, below `before` unless that is 0, without their bodies.
base::Result<std::vector<Delivery>> list_deliveries(runner::Sqlite& database, std::int64_t before, int limit);

}  // namespace server
