// The part of the scheduler for services whose deployments somebody else controls: it keeps each task set at
// its scale and tells when it is stable.
#include <fmt/format.h>

#include <algorithm>

#include "emulator/scheduler.h"

namespace emulator {

void Scheduler::keep_task_sets(Service& service, const Moment& now) {
  const bool ends = service.status == "DRAINING";
  for (TaskSet& task_set : service.task_sets) {
    if (task_set.set.is_placeholder) continue;
    const bool drains = ends || task_set.set.status == "DRAINING";
    const std::string id = task_set.set.id;
    keep_count(service, id, drains ? 0 : task_set.computed_count(service.desired_count), now);
  }
  const auto tasks = tasks_of(service);
  const auto gone = std::erase_if(service.task_sets, [&](const TaskSet& task_set) {
    return task_set.set.status == "DRAINING" &&
           std::none_of(tasks.begin(), tasks.end(),
                        [&](const TaskRecord* task) { return task->deployment_id == task_set.set.id; });
  });
  if (gone > 0) note_change();
  for (TaskSet& task_set : service.task_sets) judge_stability(service, task_set, now);
  const bool steady = std::all_of(service.task_sets.begin(), service.task_sets.end(),
                                  [](const TaskSet& task_set) { return task_set.is_steady; });
  if (service.status != "ACTIVE" || !steady || service.steady_announced || service.task_sets.empty()) return;
  service.steady_announced = true;
  service.add_event(now.wall, fmt::format("(service {}) has reached a steady state.", service.name));
  note_change();
}

void Scheduler::judge_stability(Service& service, TaskSet& task_set, const Moment& now) {
  const int wanted = task_set.set.is_placeholder ? 0 : task_set.computed_count(service.desired_count);
  const bool steady = task_set.set.status != "DRAINING" && holds(service, task_set.set.id, wanted, now);
  if (steady == task_set.is_steady) return;
  task_set.is_steady = steady;
  task_set.stability_at = task_set.set.updated_at = now.wall;
  if (!steady) service.steady_announced = false;
  if (steady)
    service.add_event(now.wall,
                      fmt::format("{} has reached a steady state.", service.subject(task_set.set.id)));
}

}  // namespace emulator
