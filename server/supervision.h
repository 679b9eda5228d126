#pragma once
// What a supervisor has to do with the queue while it carries out one attempt: renews its lease, notes
// deployments before they begin, listens for cancellations, and ends when its fence is no longer good. Not
// for the run itself.

#include <atomic>
#include <functional>
#include <memory>
#include <thread>

#include "runner/run_event.h"
#include "runner/run_store.h"
#include "server/attempt_queue.h"
#include "server/run_outline.h"
#include "workflow/plan.h"

namespace server {

struct SupervisionOptions {
  base::Path state_folder;
  std::int64_t attempt = 0;
  std::int64_t fence = 0;
  std::string boot_id;
  std::function<void()> on_cancel;  ///< the run is to end as after Ctrl-C
  std::function<void()> on_lost;    ///< … at once: the work is not ours any more
};

class Supervision {
 public:
  /// An Error when the attempt is not under that fence (any more).
  static base::Result<std::unique_ptr<Supervision>> begin(SupervisionOptions options);
  Supervision(const Supervision&) = delete;
  Supervision& operator=(const Supervision&) = delete;

  [[nodiscard]] const Attempt& attempt() const { return attempt_; }
  base::Result<void> run_began(const runner::RunRecord& run, const workflow::Plan& plan,
                               const base::Path& run_folder);
  void on_event(const runner::RunEvent& event);
  /// An Error keeps the job from starting.
  base::Result<void> before_job(const workflow::Job& job);
  base::Result<void> finish(const std::string& conclusion, const std::string& reason);

 private:
  Supervision(SupervisionOptions options, std::unique_ptr<AttemptQueue> queue, Attempt attempt);
  void watch(const std::stop_token& stop);
  base::Result<void> unless_lost(base::Result<bool> held) const;

  SupervisionOptions options_;
  std::unique_ptr<AttemptQueue> queue_;
  Attempt attempt_;
  std::unique_ptr<OutlineWriter> outline_;
  std::atomic<bool> began_ = false;  ///< there is an outline
  std::jthread watcher_;             ///< last: it ends first
};

}  // namespace server
