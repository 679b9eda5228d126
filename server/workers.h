#pragma once
// The runs of this machine: claims what is queued up to its capacity, starts a supervisor for each, and looks
// after those that are under way, also those of a daemon before this one. Not for what a supervisor does.

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "server/attempt_queue.h"
#include "server/process_identity.h"

namespace server {

struct WorkerOptions {
  base::Path state_folder;
  std::string name;  ///< of this machine
  std::string boot_id;
  std::vector<std::string> labels;
  int capacity = 2;
  std::uint64_t least_disk = 0;  ///< with less left nothing new is begun
  /// Starts a process that carries the attempt out.
  std::function<base::Result<pid_t>(const Attempt& attempt)> start_supervisor;
  /// Called when something of an attempt may be left over: its supervisor is no more.
  std::function<void()> clean_up;
};

struct WorkerState {
  std::string name;
  std::vector<std::string> labels;
  int capacity = 0;
  int running = 0;
  std::string pauses;  ///< why it takes nothing new; empty: it does
};

class Workers {
 public:
  static base::Result<std::unique_ptr<Workers>> start(WorkerOptions options, AttemptQueue& queue);
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;
  /// Claims nothing any more; runs go on.
  ~Workers();
  /// There may be something to run.
  void wake();
  [[nodiscard]] WorkerState state();

 private:
  Workers(WorkerOptions options, AttemptQueue& queue, std::string identity);
  void run(const std::stop_token& stop);
  void wait_for_children();
  base::Result<int> look_after_runs();
  base::Result<int> claim_some(int running);
  base::Result<void> start_one(const Attempt& attempt);
  [[nodiscard]] std::string why_it_pauses() const;

  WorkerOptions options_;
  AttemptQueue& queue_;
  std::string identity_;  ///< of this process
  std::map<pid_t, std::int64_t> children_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool woken_ = true;
  WorkerState state_;
  std::jthread thread_;  ///< last: it ends first
};

}  // namespace server
