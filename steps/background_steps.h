#pragma once
// Steps that run beside the others of their job (`background`, `parallel`): started, waited for, ended. What
// they did to the job shows once it has waited for them (actions/runner BackgroundStepCoordinator.cs). Not
// for whether and in which order steps run (run_steps).

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "steps/log_sink.h"
#include "steps/running_job.h"
#include "steps/step_run.h"

namespace steps {

class BackgroundSteps {
 public:
  /// So many run at once, the others queue.
  static constexpr int kMostAtOnce = 10;

  explicit BackgroundSteps(RunningJob& job);
  BackgroundSteps(const BackgroundSteps&) = delete;
  BackgroundSteps& operator=(const BackgroundSteps&) = delete;
  /// Ends those that still run.
  ~BackgroundSteps();

  /// Runs the step on a thread of its own, with a copy of the job as it is now and a log of its own.
  void start(const workflow::Step& step, ReadyStep ready, std::unique_ptr<LogSink> log);
  /// Waits for these, and brings what they did into the job; the worst of their conclusions. An id that was
  /// never started, as its condition did not hold, is nothing to wait for. An Error is one of the runner.
  base::Result<Conclusion> wait(const std::vector<std::string>& ids);
  /// Asks these to end, and waits for them. That they were cancelled is no failure of the job.
  base::Result<void> cancel(const std::vector<std::string>& ids);

  /// Ids that nobody has waited for yet, in the order of their start.
  [[nodiscard]] std::vector<std::string> unwaited() const;
  /// The ids of all.
  [[nodiscard]] std::vector<std::string> all() const;
  /// The name of the first of these that failed; empty when none has.
  [[nodiscard]] std::string first_failed(const std::vector<std::string>& ids) const;
  /// `name: conclusion` of those that were waited for, by id; "" for others.
  [[nodiscard]] std::string name_of(const std::string& id) const;
  [[nodiscard]] std::string report_of(const std::string& id) const;
  /// The worst of all conclusions, but for those that were cancelled on request.
  [[nodiscard]] Conclusion worst() const;

 private:
  struct Running;

  void run(Running& step, const std::stop_token& thread_stop);
  bool take_slot(const std::stop_token& stop);
  void give_slot_back();
  void flush(Running& step);
  [[nodiscard]] Running* find(const std::string& id) const;

  RunningJob& job_;
  std::mutex mutex_;
  std::condition_variable_any slot_free_;
  int taken_slots_ = 0;
  std::vector<std::unique_ptr<Running>> steps_;
};

}  // namespace steps
