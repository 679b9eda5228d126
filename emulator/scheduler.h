#pragma once
// The service scheduler: brings each service's tasks to what its deployments ask for, by the numbers of
// rollout_arithmetic.h, and keeps targets, events and rollout states true. step() does all that can be done
// now and never waits, so that a test can drive it with a fake clock and fake tasks.

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "emulator/ecs_state.h"
#include "emulator/task_report.h"

namespace emulator {

/// What the scheduler acts on. No function may call back into the scheduler but report().
struct SchedulerWorld {
  std::function<void(TaskOrder order)> start_task;
  std::function<void(const std::string& task_id)>
      stop_task;  ///< SIGTERM, then SIGKILL after its stop timeout
  std::function<void(const TaskTarget& target)> register_target;
  std::function<void(const TaskTarget& target)> deregister_target;
  std::function<TargetHealth(const TaskTarget& target)> target_health;
  std::function<void()> changed;  ///< state that outlives a restart changed; may be empty
};

struct SchedulerSettings {
  /// A task with neither load balancer nor health check counts as healthy so long after RUNNING. 40 s on AWS.
  double healthy_after_seconds = 2;
};

class Scheduler {
 public:
  Scheduler(EcsState& state, SchedulerWorld world, base::Clock& clock, SchedulerSettings settings);
  ~Scheduler();

  /// The loop: a step whenever something was reported or asked for, and every 50 ms.
  void start_loop();
  /// Ends the loop; nothing is started or stopped any more.
  void stop_loop();
  /// From any thread; must not hold the state's mutex.
  void report(TaskReport report);
  /// The state was changed by the API: look soon. May be called with the state's mutex held.
  void wake();
  /// Locks the state.
  void step();

 private:
  struct Moment {
    double wall = 0;
    base::SteadyTime steady;
  };
  // scheduler_reports.cpp
  void apply(const TaskReport& report, const Moment& now);
  void apply_stopped(TaskRecord& task, const TaskReport& report, const Moment& now);
  void pin_digests(const TaskRecord& task);
  Service* service_of(const TaskRecord& task);  ///< null for RunTask's
  // scheduler_health.cpp
  [[nodiscard]] bool is_healthy(const Service& service, const TaskRecord& task, const Moment& now) const;
  void check_health(Service& service, const Moment& now);
  void fail_unhealthy(Service& service, TaskRecord& task, const std::string& reason, const Moment& now);
  void count_failure(Service& service, TaskRecord& task, const Moment& now);
  void open_breaker(Service& service, const Moment& now);
  // scheduler_rollout.cpp
  void roll(Service& service, const Moment& now);
  void start_tasks(Service& service, int count, const Moment& now);
  void stop_tasks(Service& service, const std::vector<TaskRecord*>& tasks, const Moment& now);
  void finish_deployment(Service& service, const Moment& now);
  // scheduler.cpp
  void start_waiting_tasks();
  void step_service(Service& service, const Moment& now);
  void register_targets(Service& service, const Moment& now);
  void announce_steady_state(Service& service, const Moment& now);
  void carry_on_stops(const Moment& now);
  void forget_old_tasks(const Moment& now);
  std::vector<TaskRecord*> tasks_of(const Service& service);
  void note_change() { changed_ = true; }

  EcsState& state_;
  SchedulerWorld world_;
  base::Clock& clock_;
  SchedulerSettings settings_;
  std::mutex queue_mutex_;
  std::condition_variable_any woken_;
  std::vector<TaskReport> reports_;
  bool wake_ = false;
  bool changed_ = false;
  std::jthread loop_;
};

/// The containers and ports of a service's `loadBalancers`, as a task's targets.
std::vector<TaskTarget> targets_of(const Service& service, const TaskRecord& task);

}  // namespace emulator
