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

/// Events name targets by group, each group once.
std::map<std::string, std::size_t> by_group(const std::vector<TaskTarget>& targets) {
  std::map<std::string, std::size_t> counts;
  for (const TaskTarget& target : targets) ++counts[target.group_arn];
  return counts;
}

}  // namespace

std::vector<TaskTarget> targets_of(const Deployment* deployment, const TaskRecord& task) {
  std::vector<TaskTarget> targets;
  if (deployment == nullptr) return targets;
  for (const base::Json& entry : deployment->load_balancers) {
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

void Scheduler::report_hook(const std::string& run_id, base::Result<base::Json> answer) {
  std::lock_guard lock(queue_mutex_);
  hook_answers_.push_back({run_id, std::move(answer)});
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
  std::vector<HookAnswer> answers;
  {
    std::lock_guard lock(queue_mutex_);
    reports.swap(reports_);
    answers.swap(hook_answers_);
  }
  bool tell = false;
  {
    std::lock_guard lock(state_.mutex);
    const Moment now{base::to_epoch_seconds(clock_.now()), clock_.steady_now(), settings_.time_scale};
    for (const TaskReport& entry : reports) apply(entry, now);
    for (const HookAnswer& entry : answers) apply(entry, now);
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
    if (Service* service = service_of(task)) {
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
  begin_deployment(service, now);
  register_targets(service, now);
  check_health(service, now);
  carry_out_requests(service, now);
  open_breaker(service, now);
  watch_alarms(service, now);
  ServiceDeployment* record = service.under_way();
  if (service.has_task_sets()) {
    keep_task_sets(service, now);
    if (service.status == "DRAINING") finish_draining(service);
  } else if (service.status == "DRAINING") {
    for (const Deployment& deployment : std::vector(service.deployments))
      keep_count(service, deployment.id, 0, now);
    finish_draining(service);
  } else if (record != nullptr && !record->shift.steps.empty()) {
    shift(service, *record, now);
  } else {
    roll(service, now);
    finish_rolling(service, now);
  }
  announce_steady_state(service, now);
}

void Scheduler::register_targets(Service& service, const Moment& now) {
  std::map<std::string, std::vector<TaskTarget>> registered;  // by deployment
  for (TaskRecord* task : tasks_of(service)) {
    if (!task->is_live() || !task->is_running() || !task->targets.empty()) continue;
    task->targets = targets_of(service.deployment(task->deployment_id), *task);
    for (const TaskTarget& target : task->targets) {
      world_.register_target(target);
      registered[task->deployment_id].push_back(target);
    }
  }
  for (const auto& [deployment, targets] : registered) {
    for (const auto& [group, count] : by_group(targets)) {
      service.add_event(now.wall, fmt::format("{} registered {} targets in (target-group {})",
                                              service.subject(deployment), count, group));
    }
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
    if (task.stop_code == "UserInitiated") {  // StopTask does not wait for the drain
      for (const TaskTarget& target : task.targets) world_.deregister_target(target);
    } else if (std::any_of(task.targets.begin(), task.targets.end(), [&](const TaskTarget& target) {
                 return world_.target_health(target).state == TargetState::draining;
               })) {
      continue;
    }
    task.last_status = "STOPPING";
    task.stop_ordered = true;
    world_.stop_task(task.id);
    if (Service* service = service_of(task)) stopped[service].push_back(&task);
  }
  for (auto& [service, tasks] : stopped) {
    service->add_event(now.wall, fmt::format("{} has stopped {} running tasks:{}.",
                                             service->subject(tasks.front()->deployment_id), tasks.size(),
                                             task_list(tasks)));
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
