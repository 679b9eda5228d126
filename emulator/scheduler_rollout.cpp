// The part of the scheduler that starts and stops a service's tasks and ends its deployments.
#include <fmt/format.h>

#include <algorithm>

#include "emulator/scheduler.h"

namespace emulator {
namespace {

/// A service's live tasks, by what decide_rollout() asks.
struct Sorted {
  std::vector<TaskRecord*> fresh;
  std::vector<TaskRecord*> old_pending;
  std::vector<TaskRecord*> old_healthy;
  std::vector<TaskRecord*> old_unhealthy;
};

void take(std::vector<TaskRecord*>& chosen, const std::vector<TaskRecord*>& from, int count) {
  const auto end = from.begin() + std::min<std::ptrdiff_t>(count, static_cast<std::ptrdiff_t>(from.size()));
  chosen.insert(chosen.end(), from.begin(), end);
}

}  // namespace

void Scheduler::roll(Service& service, const Moment& now) {
  const Deployment* primary = service.primary();
  if (primary == nullptr) return;
  Sorted sorted;
  RolloutCounts counts;
  counts.desired = service.status == "ACTIVE" ? service.desired_count : 0;
  counts.limits = service.limits();
  for (TaskRecord* task : tasks_of(service)) {
    if (!task->is_live()) continue;
    const bool healthy = is_healthy(service, *task, now);
    if (task->deployment_id == primary->id) {
      sorted.fresh.push_back(task);
      counts.new_healthy += healthy ? 1 : 0;
    } else if (!task->is_running()) {
      sorted.old_pending.push_back(task);
    } else {
      (healthy ? sorted.old_healthy : sorted.old_unhealthy).push_back(task);
    }
  }
  counts.new_live = static_cast<int>(sorted.fresh.size());
  counts.old_pending = static_cast<int>(sorted.old_pending.size());
  counts.old_healthy = static_cast<int>(sorted.old_healthy.size());
  counts.old_unhealthy = static_cast<int>(sorted.old_unhealthy.size());
  counts.may_start =
      primary->rollout_state != "FAILED" && !primary->is_placeholder && now.steady >= service.not_before;
  // A failed deployment that is not rolled back leaves the older tasks alone: they carry the traffic.
  if (primary->rollout_state == "FAILED") counts.old_healthy = counts.old_unhealthy = counts.old_pending = 0;
  if (primary->is_placeholder && service.status == "ACTIVE") return;

  const RolloutDecision decision = decide_rollout(counts);
  if (decision.stuck) {
    service.add_event(
        now.wall, fmt::format("(service {}) was unable to stop or start tasks during a deployment because of "
                              "the service deployment configuration. Update the minimumHealthyPercent or "
                              "maximumPercent value and try again.",
                              service.name));
  }
  std::vector<TaskRecord*> stops;
  if (decision.stop_new > 0) {
    // What serves least goes first, then the youngest.
    std::stable_sort(sorted.fresh.begin(), sorted.fresh.end(), [&](const TaskRecord* a, const TaskRecord* b) {
      const bool a_healthy = is_healthy(service, *a, now);
      const bool b_healthy = is_healthy(service, *b, now);
      return a_healthy != b_healthy ? !a_healthy : a->created_at > b->created_at;
    });
    take(stops, sorted.fresh, decision.stop_new);
  }
  take(stops, sorted.old_pending, decision.stop_old_pending);
  take(stops, sorted.old_unhealthy, decision.stop_old_unhealthy);
  take(stops, sorted.old_healthy, decision.stop_old_healthy);
  for (TaskRecord* task : stops) {
    task->stop_code = "ServiceSchedulerInitiated";
    task->stopped_reason = fmt::format("Scaling activity initiated by (deployment {})", primary->id);
  }
  if (!stops.empty()) stop_tasks(service, stops, now);
  if (decision.start_new > 0) start_tasks(service, decision.start_new, now);
}

void Scheduler::start_tasks(Service& service, int count, const Moment& now) {
  const Deployment& primary = service.deployments.front();
  const Cluster* cluster = state_.find_cluster(service.cluster_arn);
  const base::Json* definition = state_.find_task_definition(primary.task_definition_arn);
  if (cluster == nullptr || definition == nullptr) return;
  const int room = static_cast<int>(state_.room_for_tasks());
  if (room < count) {
    service.add_event(now.wall, fmt::format("(service {}) was unable to place a task. Reason: this emulator "
                                            "runs at most {} tasks at once.",
                                            service.name, kMostTasks));
    count = room;
  }
  if (count == 0) return;
  std::vector<TaskRecord*> started;
  for (int i = 0; i < count; ++i) {
    TaskRecord& task = state_.add_task(*cluster, *definition, now.wall);
    task.service_arn = service.arn;
    task.deployment_id = primary.id;
    task.started_by = primary.id;
    task.group = "service:" + service.name;
    task.launch_type = base::json_string(service.definition, "launchType", "FARGATE");
    if (base::json_string(service.definition, "propagateTags") == "SERVICE") task.tags = service.tags;
    started.push_back(&task);
  }
  std::string list;
  for (const TaskRecord* task : started) list += fmt::format(" (task {})", task->id);
  service.add_event(now.wall, fmt::format("(service {}) has started {} task{}:{}.", service.name, count,
                                          count == 1 ? "" : "s", list));
  service.steady_announced = false;
}

void Scheduler::stop_tasks(Service& service, const std::vector<TaskRecord*>& tasks, const Moment& now) {
  std::map<std::string, int> deregistered;
  int draining = 0;
  for (TaskRecord* task : tasks) {
    task->desired_status = "STOPPED";
    task->stopping_at = now.wall;
    if (!task->targets.empty()) {
      task->last_status = "DEACTIVATING";
      ++draining;
    }
    for (const TaskTarget& target : task->targets) {
      world_.deregister_target(target);
      ++deregistered[target.group_arn];
    }
  }
  if (draining > 0) {
    service.add_event(now.wall, fmt::format("(service {}) has begun draining connections on {} task{}.",
                                            service.name, draining, draining == 1 ? "" : "s"));
  }
  for (const auto& [group, count] : deregistered) {
    service.add_event(now.wall, fmt::format("(service {}) deregistered {} target{} in (target-group {})",
                                            service.name, count, count == 1 ? "" : "s", group));
  }
  service.steady_announced = false;
}

void Scheduler::finish_deployment(Service& service, const Moment& now) {
  const std::vector<TaskRecord*> tasks = tasks_of(service);
  if (service.status == "DRAINING") {
    if (!tasks.empty()) return;
    service.status = "INACTIVE";
    for (Deployment& deployment : service.deployments) deployment.status = "INACTIVE";
    service.deployments.clear();
    note_change();
    return;
  }
  Deployment* primary = service.primary();
  if (primary == nullptr || primary->rollout_state != "IN_PROGRESS") return;
  int healthy = 0;
  for (const TaskRecord* task : tasks) {
    if (task->deployment_id != primary->id) return;  // the old one is not gone yet
    if (!task->is_live()) continue;
    if (!is_healthy(service, *task, now)) return;
    ++healthy;
  }
  if (healthy != service.desired_count) return;
  primary->rollout_state = "COMPLETED";
  primary->rollout_reason = fmt::format("ECS deployment {} completed.", primary->id);
  primary->updated_at = now.wall;
  primary->was_completed = true;
  if (std::exchange(primary->is_rollback, false)) {
    for (Deployment& entry : service.deployments) {
      ServiceDeployment* record = service.record_of(entry.id);
      if (record == nullptr || record->status != "ROLLBACK_IN_PROGRESS") continue;
      record->status = "ROLLBACK_SUCCESSFUL";
      record->finished_at = record->updated_at = now.wall;
    }
  } else if (ServiceDeployment* record = service.record_of(primary->id);
             record != nullptr && record->finished_at == 0) {
    record->status = "SUCCESSFUL";
    record->finished_at = record->updated_at = now.wall;
    if (record->breaker_status == "MONITORING") record->breaker_status = "MONITORING_COMPLETE";
  }
  service.deployments.resize(1);
  service.add_event(now.wall, fmt::format("(service {}) (deployment {}) deployment completed.", service.name,
                                          service.deployments.front().id));
  service.steady_announced = false;
  note_change();
}

}  // namespace emulator
