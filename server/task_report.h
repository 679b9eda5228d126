#pragma once
// Tells a forge how one task goes: a reader of the run's events that makes rows, step states and the result
// of them, and a thread that sends these. A forge that does not answer is asked again until it does, or the
// time for it is over; nothing of the job waits for that.

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "runner/run_event.h"
#include "server/forge_client.h"

namespace server {

struct TaskReportOptions {
  std::int64_t task = 0;
  std::size_t steps = 0;  ///< of the job, as the forge counts them
  bool debug = false;     ///< debug lines are rows, too
  /// Between two updates, and before the first after a fault; faults double it up to `longest_pause`.
  std::chrono::milliseconds interval{1000};
  std::chrono::milliseconds longest_pause{30'000};
  /// How long the end is told again and again to a forge that does not answer.
  std::chrono::minutes patience{60};
  /// The forge wants the task to end: a user has cancelled it, or it was given up there.
  std::function<void()> on_cancel;
};

class TaskReport {
 public:
  TaskReport(ForgeClient& forge, TaskReportOptions options);
  TaskReport(const TaskReport&) = delete;
  TaskReport& operator=(const TaskReport&) = delete;
  ~TaskReport();

  /// An event of the job; called by one thread at a time.
  void operator()(const runner::RunEvent& event);
  /// A row that belongs to no step.
  void say(std::string text);
  /// Sends what is left, the outputs and the result. An Error when the forge does not have all of it.
  base::Result<void> finish(TaskResult result, std::map<std::string, std::string> outputs);

 private:
  void add_row(const runner::RunEvent& event, std::string content);
  void note_step(const runner::RunEvent& event);
  TaskStep* step_of(const runner::RunEvent& event);
  void keep_sending(const std::stop_token& stop);
  void tell_of_cancel();
  base::Result<void> send();
  base::Result<void> send_rows();
  base::Result<void> send_state();
  base::Result<void> send_all_rows_and_close();
  base::Result<void> send_end();
  void take_answer(const TaskAnswer& answer);
  base::Result<void> until_it_goes_through(const std::function<base::Result<void>()>& send);

  ForgeClient& forge_;
  const TaskReportOptions options_;
  std::mutex mutex_;  ///< of all that follows, but what only the sender uses
  std::condition_variable_any changed_;
  std::vector<LogRow> rows_;  ///< that the forge does not have yet
  std::size_t row_bytes_ = 0;
  std::int64_t first_row_ = 0;      ///< index of rows_[0]
  std::int64_t rows_left_out_ = 0;  ///< while the forge took none and too many waited
  TaskState state_;
  bool state_is_news_ = true;
  std::map<std::string, std::string> outputs_;  ///< that the forge does not have yet
  bool cancel_told_ = false;
  base::SteadyTime state_sent_{};
  std::jthread sender_;
};

/// The row's text for an event of the types line and annotation: tags as Gitea's and Forgejo's pages know
/// them (`::group::`, `::error::` …).
std::vector<std::string> row_texts(const runner::RunEvent& event);

}  // namespace server
