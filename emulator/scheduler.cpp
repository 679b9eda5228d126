#include "emulator/scheduler.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"

namespace emulator {
namespace {

constexpr double kKeepStoppedSeconds = 3600;
constexpr std::size_t kMostStoppedTasks = 1000;

std::string task_list(const std::vector<TaskRecord*>& tasks) {
  std::string text;
  for (const TaskRecord* task : tasks) text += fmt::format(" (task {})", task->id);
  return text;
}

std::string count_of(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

/// Events name targets by group, each group once.
std::map<std::string, std::size_t> by_group(const std::vector<TaskTarget>& targets) {
  std::map<std::string, std::size_t> counts;
  for (const TaskTarget& target : targets) ++counts[target.group_arn];
  return counts;
}

double grace_period(const Service& service) {
  return base::json_number(service.definition, "healthCheckGracePeriodSeconds", 0);
}

}  // namespace

std::vector<TaskTarget> targets_of(const Service& service, const TaskRecord& task) {
  std::vector<TaskTarget> targets;
  for (const base::Json& entry : base::json_member(service.definition, "loadBalancers")) {
    const std::string group = base::json_string(entry, "targetGroupArn");
    const auto port = base::json_integer(entry, "containerPort");
    if (group.empty() || port < 1 || port > 65535) continue;
    targets.push_back({group, {task.address, static_cast<std::uint16_t>(port)}});
  }
  return targets;
}

Scheduler::Scheduler(EcsState& state, SchedulerWorld world, base::Clock& clock, SchedulerSettings settings)
    : state_(state), world_(std::move(world)), clock_(clock), settings_(settings) {}

Scheduler::~Scheduler() {
  stop_loop();
}

void Scheduler::start_loop() {
  loop_ = std::jthread([this](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      step();
      std::unique_lock lock(queue_mutex_);
      woken_.wait_for(lock, stop, std::chrono::milliseconds(50), [this] { return wake_; });
      wake_ = false;
    }
  });
}

void Scheduler::stop_loop() {
  if (!loop_.joinable()) return;
  loop_.request_stop();
  loop_.join();
}

void Scheduler::report(TaskReport report) {
  std::lock_guard lock(queue_mutex_);
  reports_.push_back(std::move(report));
  wake_ = true;
  woken_.notify_all();
}

void Scheduler::wake() {
  std::lock_guard lock(queue_mutex_);
  wake_ = true;
  woken_.notify_all();
}

void Scheduler::step() {
  std::vector<TaskReport> reports;
  {
    std::lock_guard lock(queue_mutex_);
    reports.swap(reports_);
  }
  bool tell = false;
  {
    std::lock_guard lock(state_.mutex);
    const Moment now{base::to_epoch_seconds(clock_.now()), clock_.steady_now()};
    for (const TaskReport& entry : reports) apply(entry, now);
    for (Service& service : state_.services) {
      if (service.status != "INACTIVE") step_service(service, now);
    }
    carry_on_stops(now);
    start_waiting_tasks();
    forget_old_tasks(now);
    tell = std::exchange(changed_, false);
  }
  if (tell && world_.changed) world_.changed();
}

void Scheduler::apply(const TaskReport& report, const Moment& now) {
  TaskRecord* task = state_.find_task(report.task_id);
  if (task == nullptr || task->last_status == "STOPPED") return;
  for (const ContainerReport& entry : report.containers) {
    for (ContainerRecord& container : task->containers) {
      if (container.name != entry.name) continue;
      if (!entry.image_digest.empty()) container.image_digest = entry.image_digest;
      if (!entry.health.empty()) container.health = entry.health;
      if (!entry.reason.empty()) container.reason = entry.reason;
      if (entry.exit_code) container.exit_code = entry.exit_code;
      if (entry.exit_code || report.event == TaskEvent::container_stopped) container.last_status = "STOPPED";
    }
  }
  switch (report.event) {
    case TaskEvent::pull_started:
      task->last_status = "PENDING";
      task->pull_started_at = now.wall;
      break;
    case TaskEvent::pull_stopped: {
      task->pull_stopped_at = now.wall;
      Service* service =
          task->service_arn.empty() ? nullptr : state_.find_service(task->cluster_arn, task->service_arn);
      Deployment* deployment = service == nullptr ? nullptr : service->deployment(task->deployment_id);
      if (deployment == nullptr) break;
      for (const ContainerRecord& container : task->containers) {
        if (!container.image_digest.empty())
          deployment->pinned_digests.emplace(container.name, container.image_digest);
      }
      note_change();
      break;
    }
    case TaskEvent::running:
      task->last_status = "RUNNING";
      task->started_at = now.wall;
      task->running_since = now.steady;
      for (ContainerRecord& container : task->containers) {
        if (container.last_status == "PENDING") container.last_status = "RUNNING";
      }
      if (Service* service = state_.find_service(task->cluster_arn, task->service_arn))
        service->launch_failures = 0;
      break;
    case TaskEvent::container_health:
    case TaskEvent::container_stopped:
      break;
    case TaskEvent::stopping:
      // Its target goes at once: nothing will answer there any more.
      task->last_status = "DEACTIVATING";
      task->desired_status = "STOPPED";
      task->stopping_at = now.wall;
      task->stop_ordered = true;
      for (const TaskTarget& target : task->targets) world_.deregister_target(target);
      break;
    case TaskEvent::stopped:
      apply_stopped(*task, report, now);
      break;
  }
}

void Scheduler::apply_stopped(TaskRecord& task, const TaskReport& report, const Moment& now) {
  const bool never_ran = task.started_at == 0;
  task.last_status = "STOPPED";
  task.desired_status = "STOPPED";
  task.stopped_at = now.wall;
  if (task.stopping_at == 0) task.stopping_at = now.wall;
  // A stop that was asked for keeps its own reason.
  const bool by_itself = task.stop_code.empty();
  if (by_itself) {
    task.stop_code = report.stop_code;
    task.stopped_reason = report.stopped_reason;
  }
  for (ContainerRecord& container : task.containers) container.last_status = "STOPPED";
  for (const TaskTarget& target : task.targets) world_.deregister_target(target);
  task.targets.clear();
  Service* service =
      task.service_arn.empty() ? nullptr : state_.find_service(task.cluster_arn, task.service_arn);
  if (service == nullptr || service->status == "INACTIVE") return;
  service->steady_announced = false;
  if (!by_itself || task.failed) return;
  if (never_ran) {
    ++service->launch_failures;
    const auto delay = delay_of_failing_starts(service->launch_failures);
    service->not_before = now.steady + delay;
    if (delay.count() > 0) {
      service->add_event(
          now.wall, fmt::format("(service {}) is unable to consistently start tasks successfully. For more "
                                "information, see the Troubleshooting section of the Amazon ECS Developer "
                                "Guide.",
                                service->name));
    }
  } else if (!task.was_healthy) {
    ++service->crashes;
    // AWS needs many seconds for each start, which spaces such tasks; here nothing else would.
    constexpr int kFree = 3;
    service->not_before =
        now.steady + std::chrono::seconds(service->crashes < kFree ? 0 : std::min(service->crashes, 10));
  }
  if (!task.was_healthy) count_failure(*service, task, now);
}

void Scheduler::start_waiting_tasks() {
  for (TaskRecord& task : state_.tasks) {
    if (task.start_ordered) continue;
    task.start_ordered = true;
    if (!task.is_live()) {  // stopped before it was started
      task.last_status = "STOPPED";
      task.stopped_at = task.stopping_at;
      continue;
    }
    const base::Json* definition = state_.find_task_definition(task.task_definition_arn);
    TaskOrder order;
    order.task_id = task.id;
    order.task_arn = task.arn;
    order.cluster_arn = task.cluster_arn;
    order.address = task.address;
    order.overrides = task.overrides;
    if (definition != nullptr) order.task_definition = *definition;
    if (Service* service =
            task.service_arn.empty() ? nullptr : state_.find_service(task.cluster_arn, task.service_arn)) {
      order.service_name = service->name;
      if (const Deployment* deployment = service->deployment(task.deployment_id)) {
        order.pinned_digests = deployment->pinned_digests;
      }
    }
    world_.start_task(std::move(order));
  }
}

std::vector<TaskRecord*> Scheduler::tasks_of(const Service& service) {
  std::vector<TaskRecord*> tasks;
  for (TaskRecord& task : state_.tasks) {
    if (task.service_arn == service.arn && task.last_status != "STOPPED") tasks.push_back(&task);
  }
  return tasks;
}

void Scheduler::step_service(Service& service, const Moment& now) {
  register_targets(service, now);
  check_health(service, now);
  open_breaker(service, now);
  roll(service, now);
  finish_deployment(service, now);
  announce_steady_state(service, now);
}

void Scheduler::register_targets(Service& service, const Moment& now) {
  std::vector<TaskTarget> registered;
  for (TaskRecord* task : tasks_of(service)) {
    if (!task->is_live() || !task->is_running() || !task->targets.empty()) continue;
    task->targets = targets_of(service, *task);
    for (const TaskTarget& target : task->targets) {
      world_.register_target(target);
      registered.push_back(target);
    }
  }
  for (const auto& [group, count] : by_group(registered)) {
    service.add_event(now.wall, fmt::format("(service {}) registered {} in (target-group {})", service.name,
                                            count_of(count, "target"), group));
  }
}

bool Scheduler::is_healthy(const Service& service, const TaskRecord& task, const Moment& now) const {
  if (!task.is_live() || !task.is_running()) return false;
  bool checked = false;
  for (const ContainerRecord& container : task.containers) {
    if (!container.has_health_check) continue;
    checked = true;
    if (container.health != "HEALTHY") return false;
  }
  const auto wanted = targets_of(service, task);
  if (!wanted.empty()) {
    checked = true;
    if (task.targets.empty()) return false;
    for (const TaskTarget& target : task.targets) {
      if (world_.target_health(target).state != TargetState::healthy) return false;
    }
  }
  const std::chrono::duration<double> running = now.steady - task.running_since;
  return checked || running.count() >= settings_.healthy_after_seconds;
}

void Scheduler::check_health(Service& service, const Moment& now) {
  for (TaskRecord* task : tasks_of(service)) {
    if (!task->is_live() || !task->is_running()) continue;
    if (is_healthy(service, *task, now)) {
      if (std::exchange(task->was_healthy, true)) continue;
      service.crashes = 0;
      if (Deployment* deployment = service.deployment(task->deployment_id)) deployment->breaker_failures = 0;
      continue;
    }
    if (std::chrono::duration<double>(now.steady - task->running_since).count() < grace_period(service))
      continue;
    for (const ContainerRecord& container : task->containers) {
      if (container.health != "UNHEALTHY" || !task->is_live()) continue;
      service.add_event(now.wall, fmt::format("(service {}) (task {}) failed container health checks.",
                                              service.name, task->id));
      fail_unhealthy(service, *task, "Task failed container health checks", now);
    }
    for (const TaskTarget& target : task->targets) {
      const TargetHealth health = world_.target_health(target);
      if (health.state != TargetState::unhealthy || !task->is_live()) continue;
      service.add_event(
          now.wall,
          fmt::format("(service {}) (task {}) (port {}) is unhealthy in (target-group {}) due to "
                      "(reason {}).",
                      service.name, task->id, target.id.port, target.group_arn, health.description));
      fail_unhealthy(service, *task,
                     fmt::format("Task failed ELB health checks in (target-group {})", target.group_arn),
                     now);
    }
  }
}

void Scheduler::fail_unhealthy(Service& service, TaskRecord& task, const std::string& reason,
                               const Moment& now) {
  task.stop_code = "ServiceSchedulerInitiated";
  task.stopped_reason = reason;
  count_failure(service, task, now);
  stop_tasks(service, {&task}, now);
}

void Scheduler::count_failure(Service& service, TaskRecord& task, const Moment& now) {
  if (std::exchange(task.failed, true)) return;
  Deployment* deployment = service.deployment(task.deployment_id);
  if (deployment == nullptr || deployment->rollout_state != "IN_PROGRESS") return;
  ++deployment->failed_tasks;
  ++deployment->breaker_failures;
  deployment->updated_at = now.wall;
  if (ServiceDeployment* record = service.record_of(deployment->id)) {
    record->failure_count = deployment->breaker_failures;
    record->updated_at = now.wall;
  }
  note_change();
}

void Scheduler::open_breaker(Service& service, const Moment& now) {
  Deployment* primary = service.primary();
  if (primary == nullptr || !service.breaker_enabled() || service.status != "ACTIVE") return;
  if (primary->rollout_state != "IN_PROGRESS" || primary->is_rollback) return;
  if (primary->breaker_failures < breaker_threshold(service.desired_count)) return;
  service.add_event(now.wall,
                    fmt::format("(service {}) (deployment {}) deployment failed: tasks failed to start.",
                                service.name, primary->id));
  const std::string failed_id = primary->id;
  if (ServiceDeployment* record = service.record_of(failed_id)) record->breaker_status = "TRIGGERED";
  note_change();
  if (service.rolls_back() && state_.roll_back(service, "ECS deployment circuit breaker", now.wall)) return;
  primary->rollout_state = "FAILED";
  primary->rollout_reason = "ECS deployment circuit breaker: tasks failed to start.";
  primary->updated_at = now.wall;
  if (ServiceDeployment* record = service.record_of(failed_id)) {
    // Asked to roll back with nothing to go back to is a failed rollback; not asked is a plain stop.
    record->status = service.rolls_back() ? "ROLLBACK_FAILED" : "STOPPED";
    record->status_reason = primary->rollout_reason;
    record->finished_at = record->stopped_at = record->updated_at = now.wall;
  }
}

void Scheduler::announce_steady_state(Service& service, const Moment& now) {
  if (service.status != "ACTIVE" || service.steady_announced || service.deployments.size() != 1) return;
  const Deployment& primary = service.deployments.front();
  if (primary.rollout_state != "COMPLETED" || primary.is_placeholder) return;
  int healthy = 0;
  for (const TaskRecord* task : tasks_of(service)) {
    if (!is_healthy(service, *task, now)) return;
    ++healthy;
  }
  if (healthy != service.desired_count) return;
  service.steady_announced = true;
  service.add_event(now.wall, fmt::format("(service {}) has reached a steady state.", service.name));
  note_change();
}

void Scheduler::carry_on_stops(const Moment& now) {
  std::map<Service*, std::vector<TaskRecord*>> stopped;
  for (TaskRecord& task : state_.tasks) {
    if (task.desired_status != "STOPPED" || task.stop_ordered || !task.start_ordered ||
        task.last_status == "STOPPED")
      continue;
    const bool draining =
        std::any_of(task.targets.begin(), task.targets.end(), [&](const TaskTarget& target) {
          return world_.target_health(target).state == TargetState::draining;
        });
    const bool skips_drain = task.stop_code == "UserInitiated";
    if (draining && !skips_drain) continue;
    task.last_status = "STOPPING";
    task.stop_ordered = true;
    world_.stop_task(task.id);
    if (task.service_arn.empty()) continue;
    if (Service* service = state_.find_service(task.cluster_arn, task.service_arn))
      stopped[service].push_back(&task);
  }
  for (auto& [service, tasks] : stopped) {
    service->add_event(now.wall, fmt::format("(service {}) has stopped {}:{}.", service->name,
                                             count_of(tasks.size(), "running task"), task_list(tasks)));
  }
}

void Scheduler::forget_old_tasks(const Moment& now) {
  std::size_t stopped = 0;
  for (auto it = state_.tasks.rbegin(); it != state_.tasks.rend(); ++it)
    stopped += it->last_status == "STOPPED" ? 1 : 0;
  for (auto it = state_.tasks.begin(); it != state_.tasks.end();) {
    const bool over = it->last_status == "STOPPED" &&
                      (now.wall - it->stopped_at > kKeepStoppedSeconds || stopped > kMostStoppedTasks);
    if (over) --stopped;
    it = over ? state_.tasks.erase(it) : std::next(it);
  }
}

}  // namespace emulator
