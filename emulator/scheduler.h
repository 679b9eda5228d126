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
#include "emulator/alarm_states.h"
#include "emulator/ecs_state.h"
#include "emulator/task_report.h"

namespace emulator {

/// Of a listener rule's requests so many percent go to one target group, the rest to the other.
struct TrafficShare {
  std::string rule_arn;  ///< a rule's, or a listener's for its default rule
  std::string target_group;
  std::string source_group;  ///< empty: there is no other
  double target_percent = 0;
  bool operator==(const TrafficShare&) const = default;
};

/// A lifecycle hook's function, to be called once.
struct HookCall {
  std::string run_id;
  std::string function_arn;
  base::Json payload;
};

/// What the scheduler acts on. No function may call back into the scheduler but report().
struct SchedulerWorld {
  std::function<void(TaskOrder order)> start_task;
  std::function<void(const std::string& task_id)>
      stop_task;  ///< SIGTERM, then SIGKILL after its stop timeout
  std::function<void(const TaskTarget& target)> register_target;
  std::function<void(const TaskTarget& target)> deregister_target;
  std::function<TargetHealth(const TaskTarget& target)> target_health;
  std::function<void(const TrafficShare& share)> share_traffic;
  /// Returns at once; the answer comes as report_hook().
  std::function<void(HookCall call)> call_hook;
  FindAlarms find_alarms;
  std::function<void()> changed;  ///< state that outlives a restart changed; may be empty
};

struct SchedulerSettings {
  /// A task with neither load balancer nor health check counts as healthy so long after RUNNING. 40 s on AWS.
  double healthy_after_seconds = 2;
  double time_scale = 1;  ///< seconds of the account that pass in one second of this machine
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
  /// What a hook's function answered, or why it could not be called. As report().
  void report_hook(const std::string& run_id, base::Result<base::Json> answer);
  /// The state was changed by the API: look soon. May be called with the state's mutex held.
  void wake();
  /// Locks the state.
  void step();

 private:
  struct Moment {
    double wall = 0;
    base::SteadyTime steady;
    double scale = 1;
    /// In the account's time. Waits that outlive a restart are counted from a wall time.
    [[nodiscard]] double seconds_since(double then) const { return (wall - then) * scale; }
    [[nodiscard]] double wall_after(double seconds) const { return wall + seconds / scale; }
  };
  struct HookAnswer {
    std::string run_id;
    base::Result<base::Json> answer;
  };
  // scheduler_reports.cpp
  void apply(const TaskReport& report, const Moment& now);
  void apply_stopped(TaskRecord& task, const TaskReport& report, const Moment& now);
  void pin_digests(const TaskRecord& task);
  Service* service_of(const TaskRecord& task);  ///< null for RunTask's
  Deployment* deployment_of(const TaskRecord& task);
  // scheduler_health.cpp
  [[nodiscard]] bool is_healthy(const Service& service, const TaskRecord& task, const Moment& now) const;
  void check_health(Service& service, const Moment& now);
  void fail_unhealthy(Service& service, TaskRecord& task, const std::string& reason, const Moment& now);
  void count_failure(Service& service, TaskRecord& task, const Moment& now);
  // scheduler_failures.cpp
  void begin_deployment(Service& service, const Moment& now);
  void carry_out_requests(Service& service, const Moment& now);
  void open_breaker(Service& service, const Moment& now);
  void watch_alarms(Service& service, const Moment& now);
  [[nodiscard]] double longest_window(const ServiceDeployment& record) const;
  enum class RollBack { yes, no };
  void fail_deployment(Service& service, RollBack roll_back, const std::string& reason, const Moment& now);
  // scheduler_rollout.cpp
  void roll(Service& service, const Moment& now);
  void keep_count(Service& service, const std::string& deployment_id, int count, const Moment& now);
  void start_tasks(Service& service, const Deployment& deployment, int count, const Moment& now);
  void put_surplus_first(std::vector<TaskRecord*>& tasks, const Moment& now, const Service& service) const;
  void stop_surplus(Service& service, const std::vector<TaskRecord*>& tasks, const Moment& now);
  void stop_tasks(Service& service, const std::vector<TaskRecord*>& tasks, const Moment& now);
  void finish_rolling(Service& service, const Moment& now);
  void complete(Service& service, const Moment& now);
  void finish_draining(Service& service);
  // scheduler_task_sets.cpp
  void keep_task_sets(Service& service, const Moment& now);
  void judge_stability(Service& service, TaskSet& task_set, const Moment& now);
  // scheduler_shift.cpp
  void shift(Service& service, ServiceDeployment& record, const Moment& now);
  enum class Progress { waits, goes_on, fails };
  Progress step_is_done(Service& service, ServiceDeployment& record, const Moment& now);
  [[nodiscard]] bool holds(const Service& service, const std::string& deployment_id, int count,
                           const Moment& now);
  void share_traffic(const Service& service, const ServiceDeployment& record);
  void finish_shift(Service& service, ServiceDeployment& record, const Moment& now);
  // scheduler_hooks.cpp
  Progress run_hooks(Service& service, ServiceDeployment& record, const Moment& now);
  HookRun& hook_run(ServiceDeployment& record, std::size_t hook, const Moment& now);
  void call_hook(const Service& service, const ServiceDeployment& record, HookRun& run);
  void apply(const HookAnswer& answer, const Moment& now);
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
  std::vector<HookAnswer> hook_answers_;
  bool wake_ = false;
  bool changed_ = false;
  std::jthread loop_;
};

/// The containers and ports of a deployment's `loadBalancers`, as a task's targets; null has none.
std::vector<TaskTarget> targets_of(const Deployment* deployment, const TaskRecord& task);

}  // namespace emulator
