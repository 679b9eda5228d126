// The part of the scheduler that carries out deployments which shift traffic: it keeps both revisions at
// their counts, sets the listeners' weights and goes from step to step of the plan, or back.
#include <fmt/format.h>

#include <algorithm>

#include "emulator/scheduler.h"

namespace emulator {
namespace {

constexpr double kSecondsOfAMinute = 60;

bool is_before_scale_up(const TrafficShift& shift) {
  const auto end = shift.steps.begin() + static_cast<std::ptrdiff_t>(shift.at) + 1;
  return !shift.on_return && std::none_of(shift.steps.begin(), end,
                                          [](const ShiftStep& step) { return step.stage == "SCALE_UP"; });
}

}  // namespace

void Scheduler::shift(Service& service, ServiceDeployment& record, const Moment& now) {
  TrafficShift& shift = record.shift;
  const bool cleans_up = shift.steps[shift.at].stage == "CLEAN_UP";
  const std::string target = record.deployment_id;
  for (const Deployment& deployment : std::vector(service.deployments)) {
    int count = 0;
    if (deployment.id == target) {
      count = is_before_scale_up(shift) || (cleans_up && shift.on_return) ? 0 : service.desired_count;
    } else if (deployment.id == shift.source_id) {
      count = cleans_up && !shift.on_return ? 0 : service.desired_count;
    }
    keep_count(service, deployment.id, count, now);
  }
  while (!record.is_over()) {
    const Progress progress = step_is_done(service, record, now);
    if (progress == Progress::waits) return;
    if (progress == Progress::fails) {
      return fail_deployment(service, RollBack::yes, "Service deployment lifecycle hook failed", now);
    }
    record.updated_at = now.wall;
    note_change();
    if (shift.at + 1 == shift.steps.size()) return finish_shift(service, record, now);
    ++shift.at;
    shift.baking_since = 0;
    shift.is_applied = false;
    const std::string& stage = shift.steps[shift.at].stage;
    if (stage == "SCALE_UP" || stage == "CLEAN_UP") return;  // its tasks come first
  }
}

Scheduler::Progress Scheduler::step_is_done(Service& service, ServiceDeployment& record, const Moment& now) {
  TrafficShift& shift = record.shift;
  const ShiftStep& step = shift.steps[shift.at];
  if (!std::exchange(shift.is_applied, true)) share_traffic(service, record);
  if (step.stage == "SCALE_UP" && !holds(service, record.deployment_id, service.desired_count, now))
    return Progress::waits;
  if (step.stage == "RECONCILE_SERVICE" || step.stage == "CLEAN_UP") {
    const std::string& stays =
        step.stage == "CLEAN_UP" && !shift.on_return ? record.deployment_id : shift.source_id;
    const auto tasks = tasks_of(service);
    const bool others = std::any_of(tasks.begin(), tasks.end(),
                                    [&](const TaskRecord* task) { return task->deployment_id != stays; });
    if (others || (!stays.empty() && !holds(service, stays, service.desired_count, now)))
      return Progress::waits;
  }
  if (!step.hook_stage.empty()) {
    if (const Progress hooks = run_hooks(service, record, now); hooks != Progress::goes_on) return hooks;
  }
  if (step.bake_minutes <= 0) return Progress::goes_on;
  if (shift.baking_since == 0) {
    shift.baking_since = now.wall;
    note_change();
  }
  const bool over = now.seconds_since(shift.baking_since) >= step.bake_minutes * kSecondsOfAMinute;
  return over ? Progress::goes_on : Progress::waits;
}

/// Whether the deployment has so many tasks, all of them healthy and none on its way.
bool Scheduler::holds(const Service& service, const std::string& deployment_id, int count,
                      const Moment& now) {
  int healthy = 0;
  for (const TaskRecord* task : tasks_of(service)) {
    if (task->deployment_id != deployment_id || !task->is_live()) continue;
    if (!is_healthy(service, *task, now)) return false;
    ++healthy;
  }
  return healthy == count;
}

void Scheduler::share_traffic(const Service& service, const ServiceDeployment& record) {
  const ShiftStep& step = record.shift.steps[record.shift.at];
  const Deployment* target = service.deployment(record.deployment_id);
  const Deployment* source = service.deployment(record.shift.source_id);
  if (target == nullptr || !world_.share_traffic) return;
  for (std::size_t i = 0; i < target->load_balancers.size(); ++i) {
    const base::Json& entry = target->load_balancers[i];
    const base::Json& advanced = base::json_member(entry, "advancedConfiguration");
    TrafficShare share;
    share.target_group = base::json_string(entry, "targetGroupArn");
    if (source != nullptr && i < source->load_balancers.size())
      share.source_group = base::json_string(source->load_balancers[i], "targetGroupArn");
    const auto set = [&](const char* rule, double percent) {
      share.rule_arn = base::json_string(advanced, rule);
      share.target_percent = source == nullptr ? 100 : percent;  // there is nowhere else to go
      if (!share.rule_arn.empty()) world_.share_traffic(share);
    };
    set("testListenerRule", step.test_percent);
    set("productionListenerRule", step.production_percent);
  }
}

void Scheduler::finish_shift(Service& service, ServiceDeployment& record, const Moment& now) {
  if (record.shift.on_return) {
    const std::string failed = record.deployment_id;
    std::erase_if(service.deployments, [&](const Deployment& entry) { return entry.id == failed; });
  }
  complete(service, now);
}

}  // namespace emulator
