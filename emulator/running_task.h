#pragma once
// One task from its first pull to its last process, on a thread of its own: pulls, starts, watches, checks,
// stops and cleans up. Used by task.cpp only.

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "base/clock.h"
#include "emulator/sick_connection.h"
#include "emulator/task.h"
#include "emulator/task_plan.h"

namespace emulator {

class RunningTask {
 public:
  /// `unpacking` keeps two tasks from unpacking one image at once.
  RunningTask(const TaskSurroundings& surroundings, base::Path folder, TaskOrder order, std::mutex& unpacking,
              std::function<void(TaskReport)> report);
  ~RunningTask();
  RunningTask(const RunningTask&) = delete;
  RunningTask& operator=(const RunningTask&) = delete;

  void start();
  /// SIGTERM now, SIGKILL after the stop timeout; `at_most` shortens that. Any thread, any number of times.
  void stop(std::chrono::milliseconds at_most = std::chrono::hours(1));
  [[nodiscard]] bool has_ended() const { return ended_; }
  [[nodiscard]] const std::string& address() const { return order_.address; }
  base::Result<base::Fd> connect(std::uint16_t port);
  /// Nothing of a task that does not run yet, or no more. Any thread.
  [[nodiscard]] std::optional<TaskUsage> usage();

 private:
  struct Running;
  struct Outcome {
    std::string stop_code;
    std::string reason;
  };
  void run();
  // running_task.cpp: up to the start
  base::Result<void> prepare();
  base::Result<void> pull();
  base::Result<void> check_pull(const std::string& image) const;
  base::Result<void> resolve_secrets();
  base::Result<void> open_logs();
  base::Result<void> make_network();
  base::Result<std::shared_ptr<sandbox::Sandbox>> make_sandbox(const ContainerPlan& container);
  base::Result<void> start_containers();
  base::Result<void> start_container(const ContainerPlan& container);
  /// Those of the waiting containers whose dependencies are met; the Error says which never will be.
  base::Result<void> start_waiting();
  [[nodiscard]] base::Result<bool> may_start(const ContainerPlan& container) const;
  void tell_when_running();
  void crash_if_due();
  void tell(TaskEvent event, std::vector<ContainerReport> containers = {}, const Outcome& outcome = {"", ""});
  // stop_task.cpp: the end
  void begin_stop(Outcome outcome);
  void carry_on_stop();
  [[nodiscard]] bool is_needed(const Running& container) const;
  void end_sandbox(const Running& container);
  void clean_up();
  // watch_task.cpp: in between
  Outcome watch();
  enum class ReadOutput { some, to_the_end };
  void read_output(Running& container, ReadOutput how_much);
  void container_ended(Running& container);
  void step_check(Running& container);
  [[nodiscard]] bool stop_asked() const { return stop_asked_; }

  const TaskSurroundings& surroundings_;
  base::Path folder_;
  TaskOrder order_;
  std::mutex& unpacking_;
  std::function<void(TaskReport)> report_;
  TaskPlan plan_;
  TaskFaults faults_;
  std::unique_ptr<SickConnections> sick_;  ///< set before the sandbox is
  base::SteadyTime hears_from_{};          ///< before it connections are refused; set before the sandbox is
  std::optional<base::SteadyTime> crash_at_;
  std::optional<TaskVolumes> volumes_;
  std::map<std::string, sandbox::ImageRoot> roots_;  ///< by container
  std::mutex sandbox_mutex_;  ///< of the pointers: connect() and usage() come from other threads
  /// Holds the network and the limits of all containers, whose sandboxes are its neighbours; nothing runs in
  /// it.
  std::shared_ptr<sandbox::Sandbox> sandbox_;
  std::map<std::string, std::shared_ptr<sandbox::Sandbox>> container_sandboxes_;
  std::shared_ptr<void> network_;  ///< its listeners for what lies outside
  std::vector<std::unique_ptr<Running>> containers_;
  std::vector<const ContainerPlan*> waiting_;  ///< for what they depend on
  bool told_running_ = false;
  base::Fd wake_;  ///< eventfd
  std::atomic<bool> stop_asked_{false};
  std::atomic<bool> ended_{false};
  std::atomic<std::int64_t> longest_stop_ms_{3'600'000};
  bool stopping_ = false;
  Outcome outcome_;
  std::thread thread_;
};

/// A container whose process was started.
struct RunningTask::Running {
  const ContainerPlan* plan = nullptr;
  std::shared_ptr<sandbox::Sandbox> sandbox;
  sandbox::StartedProcess process;
  base::SteadyTime started{};
  base::Fd output;
  std::string line;
  bool ended = false;
  int exit_code = 0;  ///< once it has ended
  std::optional<ecr::HealthProbe> probe;
  std::optional<base::SteadyTime> kill_at;  ///< once it was told to stop
  bool killed = false;
};

}  // namespace emulator
