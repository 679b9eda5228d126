#pragma once
// What a supervisor has to do with the queue while it carries out one attempt: renews its lease, notes
// deployments before they begin and for the forge, rests while all its jobs wait, listens for cancellations,
// and ends when its fence is no longer good. Not for the run itself.

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "runner/run_event.h"
#include "runner/run_store.h"
#include "server/attempt_queue.h"
#include "server/report_outbox.h"
#include "server/run_outline.h"
#include "workflow/plan.h"

namespace server {

struct SupervisionOptions {
  base::Path state_folder;
  std::int64_t attempt = 0;
  std::int64_t fence = 0;
  int capacity = 1;  ///< of this machine
  std::string boot_id;
  std::string external_url;         ///< of the page; may be empty
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
  /// Waits for a place among the runs of this machine when the run had rested. An Error keeps the job from
  /// starting.
  base::Result<void> before_job(const workflow::Job& job, const std::stop_token& stop);
  base::Result<void> finish(const std::string& conclusion, const std::string& reason);

 private:
  Supervision(SupervisionOptions options, std::unique_ptr<AttemptQueue> queue, runner::Sqlite database,
              Attempt attempt);
  void watch(const std::stop_token& stop);
  base::Result<void> unless_lost(base::Result<bool> held) const;
  void note_work(const runner::RunEvent& event);
  void note_deployment(const runner::RunEvent& event);
  void note_end_of_deployment(const base::Json& details);
  void tell(const Report& report);
  base::Result<void> go_on(const std::stop_token& stop);

  SupervisionOptions options_;
  std::unique_ptr<AttemptQueue> queue_;
  runner::Sqlite database_;
  ReportOutbox outbox_{database_};
  Attempt attempt_;
  std::unique_ptr<OutlineWriter> outline_;
  std::atomic<bool> began_ = false;  ///< there is an outline
  std::set<std::string> at_work_;    ///< keys of jobs; only the thread that publishes looks at these
  std::set<std::string> waiting_;    ///< … for a group or a person; "" is the run itself
  std::atomic<bool> rests_ = false;
  std::map<std::string, Report> deployments_;  ///< that began, by job
  std::string for_a_person_;                   ///< why somebody has to look; empty: nothing is known
  std::jthread watcher_;                       ///< last: it ends first
};

}  // namespace server
