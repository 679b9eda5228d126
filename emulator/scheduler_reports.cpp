// The part of the scheduler that takes in what tasks report.
#include <fmt/format.h>

#include <algorithm>

#include "emulator/scheduler.h"

namespace emulator {
namespace {

void apply_container(ContainerRecord& container, const ContainerReport& report, TaskEvent event) {
  if (!report.image_digest.empty()) container.image_digest = report.image_digest;
  if (!report.health.empty()) container.health = report.health;
  if (!report.reason.empty()) container.reason = report.reason;
  if (report.exit_code) container.exit_code = report.exit_code;
  if (report.exit_code || event == TaskEvent::container_stopped) container.last_status = "STOPPED";
}

}  // namespace

Service* Scheduler::service_of(const TaskRecord& task) {
  return task.service_arn.empty() ? nullptr : state_.find_service(task.cluster_arn, task.service_arn);
}

Deployment* Scheduler::deployment_of(const TaskRecord& task) {
  Service* service = service_of(task);
  return service == nullptr ? nullptr : service->deployment(task.deployment_id);
}

/// What the first task pulled is what all tasks of the deployment run, though the tag may move.
void Scheduler::pin_digests(const TaskRecord& task) {
  Deployment* deployment = deployment_of(task);
  if (deployment == nullptr || !deployment->pinned_digests.empty()) return;
  base::Json images = base::Json::array();
  for (const ContainerRecord& container : task.containers) {
    if (container.image_digest.empty()) continue;
    deployment->pinned_digests.emplace(container.name, container.image_digest);
    images.push_back({{"containerName", container.name},
                      {"image", container.image},
                      {"imageDigest", container.image_digest}});
  }
  if (ServiceRevision* revision = service_of(task)->revision(deployment->revision_arn))
    revision->images = images;
  note_change();
}

void Scheduler::apply(const TaskReport& report, const Moment& now) {
  TaskRecord* task = state_.find_task(report.task_id);
  if (task == nullptr || task->last_status == "STOPPED") return;
  for (const ContainerReport& entry : report.containers) {
    for (ContainerRecord& container : task->containers) {
      if (container.name == entry.name) apply_container(container, entry, report.event);
    }
  }
  switch (report.event) {
    case TaskEvent::pull_started:
      if (task->is_live()) task->last_status = "PENDING";
      task->pull_started_at = now.wall;
      break;
    case TaskEvent::pull_stopped:
      task->pull_stopped_at = now.wall;
      pin_digests(*task);
      break;
    case TaskEvent::running:
      if (task->is_live()) task->last_status = "RUNNING";  // it may have been told to stop meanwhile
      task->started_at = now.wall;
      task->running_since = now.steady;
      for (ContainerRecord& container : task->containers) {
        if (container.last_status == "PENDING") container.last_status = "RUNNING";
      }
      if (Deployment* deployment = deployment_of(*task)) deployment->launch_failures = 0;
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
  Service* service = service_of(task);
  if (service == nullptr || service->status == "INACTIVE") return;
  service->steady_announced = false;
  Deployment* deployment = service->deployment(task.deployment_id);
  if (!by_itself || task.failed || deployment == nullptr) return;
  if (never_ran) {
    ++deployment->launch_failures;
    const auto delay = delay_of_failing_starts(deployment->launch_failures);
    deployment->not_before = now.steady + delay;
    if (delay.count() > 0) {
      service->add_event(
          now.wall, fmt::format("(service {}) is unable to consistently start tasks successfully. For more "
                                "information, see the Troubleshooting section of the Amazon ECS Developer "
                                "Guide.",
                                service->name));
    }
  } else if (!task.was_healthy) {
    ++deployment->crashes;
    // AWS needs many seconds for each start, which spaces such tasks; here nothing else would.
    constexpr int kFree = 3;
    deployment->not_before =
        now.steady +
        std::chrono::seconds(deployment->crashes < kFree ? 0 : std::min(deployment->crashes, 10));
  }
  if (!task.was_healthy) count_failure(*service, task, now);
}

}  // namespace emulator
