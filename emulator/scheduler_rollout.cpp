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
  if (primary == nullptr || primary->is_placeholder) return;
  Sorted sorted;
  RolloutCounts counts;
  counts.desired = service.desired_count;
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
  counts.may_start = primary->rollout_state != "FAILED" && now.steady >= primary->not_before;
  // A failed deployment that is not rolled back leaves the older tasks alone: they carry the traffic.
  if (primary->rollout_state == "FAILED") counts.old_healthy = counts.old_unhealthy = counts.old_pending = 0;

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
    put_surplus_first(sorted.fresh, now, service);
    take(stops, sorted.fresh, decision.stop_new);
  }
  take(stops, sorted.old_pending, decision.stop_old_pending);
  take(stops, sorted.old_unhealthy, decision.stop_old_unhealthy);
  take(stops, sorted.old_healthy, decision.stop_old_healthy);
  stop_surplus(service, stops, now);
  if (decision.start_new > 0) start_tasks(service, *primary, decision.start_new, now);
}

/// What serves least goes first, then the youngest.
void Scheduler::put_surplus_first(std::vector<TaskRecord*>& tasks, const Moment& now,
                                  const Service& service) const {
  std::stable_sort(tasks.begin(), tasks.end(), [&](const TaskRecord* a, const TaskRecord* b) {
    const bool a_healthy = is_healthy(service, *a, now);
    const bool b_healthy = is_healthy(service, *b, now);
    return a_healthy != b_healthy ? !a_healthy : a->created_at > b->created_at;
  });
}

void Scheduler::keep_count(Service& service, const std::string& deployment_id, int count, const Moment& now) {
  const Deployment* deployment = service.deployment(deployment_id);
  if (deployment == nullptr) return;
  std::vector<TaskRecord*> live;
  for (TaskRecord* task : tasks_of(service)) {
    if (task->deployment_id == deployment_id && task->is_live()) live.push_back(task);
  }
  const int surplus = static_cast<int>(live.size()) - count;
  if (surplus > 0) {
    put_surplus_first(live, now, service);
    live.resize(static_cast<std::size_t>(surplus));
    stop_surplus(service, live, now);
  } else if (surplus < 0 && now.steady >= deployment->not_before) {
    start_tasks(service, *deployment, -surplus, now);
  }
}

void Scheduler::stop_surplus(Service& service, const std::vector<TaskRecord*>& tasks, const Moment& now) {
  if (tasks.empty()) return;
  const std::string by =
      service.deployments.empty() ? tasks.front()->deployment_id : service.deployments.front().id;
  for (TaskRecord* task : tasks) {
    task->stop_code = "ServiceSchedulerInitiated";
    task->stopped_reason = fmt::format("Scaling activity initiated by (deployment {})", by);
  }
  stop_tasks(service, tasks, now);
}

void Scheduler::start_tasks(Service& service, const Deployment& deployment, int count, const Moment& now) {
  const Cluster* cluster = state_.find_cluster(service.cluster_arn);
  const base::Json* definition = state_.find_task_definition(deployment.task_definition_arn);
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
    task.deployment_id = deployment.id;
    task.started_by = deployment.id;
    task.group = "service:" + service.name;
    task.launch_type = base::json_string(service.definition, "launchType", "FARGATE");
    if (base::json_string(service.definition, "propagateTags") == "SERVICE") task.tags = service.tags;
    started.push_back(&task);
  }
  std::string list;
  for (const TaskRecord* task : started) list += fmt::format(" (task {})", task->id);
  service.add_event(now.wall,
                    fmt::format("{} has started {} tasks:{}.", service.subject(deployment.id), count, list));
  service.steady_announced = false;
}

void Scheduler::stop_tasks(Service& service, const std::vector<TaskRecord*>& tasks, const Moment& now) {
  const std::string subject = service.subject(tasks.front()->deployment_id);
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
    service.add_event(now.wall,
                      fmt::format("{} has begun draining connections on {} tasks.", subject, draining));
  }
  for (const auto& [group, count] : deregistered) {
    service.add_event(now.wall,
                      fmt::format("{} deregistered {} targets in (target-group {})", subject, count, group));
  }
  service.steady_announced = false;
}

void Scheduler::finish_draining(Service& service) {
  if (!tasks_of(service).empty()) return;
  service.status = "INACTIVE";
  service.deployments.clear();
  service.task_sets.clear();
  note_change();
}

void Scheduler::finish_rolling(Service& service, const Moment& now) {
  const Deployment* primary = service.primary();
  if (primary == nullptr || primary->rollout_state != "IN_PROGRESS") return;
  int healthy = 0;
  for (const TaskRecord* task : tasks_of(service)) {
    if (task->deployment_id != primary->id) return;  // the old one is not gone yet
    if (!task->is_live()) continue;
    if (!is_healthy(service, *task, now)) return;
    ++healthy;
  }
  if (healthy != service.desired_count) return;
  // Alarms need their time to tell what the new version does.
  ServiceDeployment* record = service.under_way();
  if (record != nullptr && record->alarms_status == "MONITORING" && !record->is_rolling_back()) {
    if (record->baking_since == 0) {
      record->baking_since = now.wall;
      note_change();
    }
    if (now.seconds_since(record->baking_since) < longest_window(*record)) return;
  }
  complete(service, now);
}

void Scheduler::complete(Service& service, const Moment& now) {
  Deployment& primary = service.deployments.front();
  primary.rollout_state = "COMPLETED";
  primary.rollout_reason = fmt::format("ECS deployment {} completed.", primary.id);
  primary.updated_at = now.wall;
  primary.was_completed = true;
  primary.is_rollback = false;
  if (ServiceDeployment* record = service.under_way()) {
    for (std::string* monitor : {&record->breaker_status, &record->alarms_status}) {
      if (*monitor == "MONITORING") *monitor = "MONITORING_COMPLETE";
    }
    record->finish(record->is_rolling_back() ? "ROLLBACK_SUCCESSFUL" : "SUCCESSFUL", now.wall);
  }
  service.deployments.resize(1);
  service.add_event(now.wall, fmt::format("(service {}) (deployment {}) deployment completed.", service.name,
                                          service.deployments.front().id));
  service.steady_announced = false;
  note_change();
}

}  // namespace emulator
