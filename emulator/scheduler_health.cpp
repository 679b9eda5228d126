// The part of the scheduler that judges tasks: what counts as healthy, what is stopped for its health, when
// the circuit breaker opens.
#include <fmt/format.h>

#include <algorithm>

#include "emulator/scheduler.h"

namespace emulator {
namespace {

double grace_period(const Service& service) {
  return base::json_number(service.definition, "healthCheckGracePeriodSeconds", 0);
}

void end_row_of_failures(Service& service, Deployment& deployment) {
  deployment.crashes = 0;
  const ServiceDeployment* record = service.record_of(deployment.id);
  if (record == nullptr) return;
  const base::Json& breaker = base::json_member(record->configuration, "deploymentCircuitBreaker");
  if (breaker_rule(breaker).reset_on_healthy_task) deployment.breaker_failures = 0;
}

}  // namespace

bool Scheduler::is_healthy(const Service& service, const TaskRecord& task, const Moment& now) const {
  if (!task.is_live() || !task.is_running()) return false;
  bool checked = false;
  for (const ContainerRecord& container : task.containers) {
    if (!container.has_health_check) continue;
    checked = true;
    if (container.health != "HEALTHY") return false;
  }
  const auto wanted = targets_of(service.deployment(task.deployment_id), task);
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
      if (Deployment* deployment = service.deployment(task->deployment_id))
        end_row_of_failures(service, *deployment);
      continue;
    }
    // The application starts no faster than it does: the grace period is the machine's time.
    if (std::chrono::duration<double>(now.steady - task->running_since).count() <
        grace_period(service) * now.scale)
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

}  // namespace emulator
