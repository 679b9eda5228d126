// The part of the scheduler that begins deployments and ends those that fail: the circuit breaker, alarms,
// and what users ask of StopServiceDeployment.
#include <fmt/format.h>

#include <algorithm>

#include "emulator/scheduler.h"

namespace emulator {
namespace {

std::vector<std::string> alarm_names(const ServiceDeployment& record) {
  std::vector<std::string> names;
  const base::Json& alarms = base::json_member(record.configuration, "alarms");
  if (!base::json_bool(alarms, "enable")) return names;
  for (const base::Json& name : base::json_member(alarms, "alarmNames")) {
    if (name.is_string()) names.push_back(name.get<std::string>());
  }
  return names;
}

bool any_in_alarm(const std::vector<AlarmView>& alarms) {
  return std::any_of(alarms.begin(), alarms.end(), [](const AlarmView& alarm) { return alarm.in_alarm; });
}

}  // namespace

void Scheduler::begin_deployment(Service& service, const Moment& now) {
  ServiceDeployment* record = service.under_way();
  if (record == nullptr || record->status != "PENDING") return;
  record->status = "IN_PROGRESS";
  record->started_at = record->updated_at = now.wall;
  const auto names = alarm_names(*record);
  // An alarm that rings already would fail every deployment, the one that mends its cause too: this one is
  // not watched.
  if (!names.empty() &&
      !any_in_alarm(world_.find_alarms ? world_.find_alarms(names) : std::vector<AlarmView>{}))
    record->alarms_status = "MONITORING";
  note_change();
  if (!record->shift.steps.empty() || !world_.share_traffic) return;
  // A rolling deployment after one that shifted traffic: all of it goes where the tasks are.
  for (const base::Json& entry : service.deployments.front().load_balancers) {
    const base::Json& advanced = base::json_member(entry, "advancedConfiguration");
    for (const char* rule : {"productionListenerRule", "testListenerRule"}) {
      const std::string arn = base::json_string(advanced, rule);
      if (!arn.empty()) world_.share_traffic({arn, base::json_string(entry, "targetGroupArn"), "", 100});
    }
  }
}

void Scheduler::carry_out_requests(Service& service, const Moment& now) {
  const ServiceDeployment* record = service.under_way();
  if (record == nullptr) return;
  const std::string reason = record->status_reason;
  if (record->status == "ROLLBACK_REQUESTED") fail_deployment(service, RollBack::yes, reason, now);
  if (record->status == "STOP_REQUESTED") fail_deployment(service, RollBack::no, reason, now);
}

void Scheduler::open_breaker(Service& service, const Moment& now) {
  ServiceDeployment* record = service.under_way();
  if (record == nullptr || record->breaker_status != "MONITORING" || record->is_rolling_back()) return;
  const Deployment* deployment = service.deployment(record->deployment_id);
  const base::Json& breaker = base::json_member(record->configuration, "deploymentCircuitBreaker");
  record->threshold = breaker_threshold(service.desired_count, breaker_rule(breaker));
  if (deployment == nullptr || deployment->breaker_failures < record->threshold) return;
  record->breaker_status = "TRIGGERED";
  service.add_event(now.wall,
                    fmt::format("(service {}) (deployment {}) deployment failed: tasks failed to start.",
                                service.name, deployment->id));
  const RollBack back = base::json_bool(breaker, "rollback") ? RollBack::yes : RollBack::no;
  fail_deployment(service, back, "ECS deployment circuit breaker", now);
}

void Scheduler::watch_alarms(Service& service, const Moment& now) {
  ServiceDeployment* record = service.under_way();
  if (record == nullptr || record->alarms_status != "MONITORING" || record->is_rolling_back()) return;
  for (const AlarmView& alarm : world_.find_alarms(alarm_names(*record))) {
    if (alarm.in_alarm) record->triggered_alarms.push_back(alarm.name);
  }
  if (record->triggered_alarms.empty()) return;
  record->alarms_status = "TRIGGERED";
  service.add_event(now.wall, fmt::format("(service {}) (deployment {}) deployment failed: alarm detected.",
                                          service.name, record->deployment_id));
  const base::Json& alarms = base::json_member(record->configuration, "alarms");
  const RollBack back = base::json_bool(alarms, "rollback") ? RollBack::yes : RollBack::no;
  fail_deployment(service, back, "ECS deployment alarms", now);
}

double Scheduler::longest_window(const ServiceDeployment& record) const {
  double longest = 0;
  for (const AlarmView& alarm : world_.find_alarms(alarm_names(record)))
    longest = std::max(longest, alarm.window_seconds);
  return longest;
}

void Scheduler::fail_deployment(Service& service, RollBack roll_back, const std::string& reason,
                                const Moment& now) {
  ServiceDeployment* record = service.under_way();
  Deployment* deployment = record == nullptr ? nullptr : service.deployment(record->deployment_id);
  if (deployment == nullptr) return;
  note_change();
  for (std::string* monitor : {&record->breaker_status, &record->alarms_status}) {
    if (*monitor == "MONITORING") *monitor = "MONITORING_COMPLETE";
  }
  if (roll_back == RollBack::yes && state_.roll_back(service, reason, now.wall)) return;
  const bool by_breaker = record->breaker_status == "TRIGGERED";
  deployment->rollout_state = "FAILED";
  deployment->rollout_reason = reason + (by_breaker                             ? ": tasks failed to start."
                                         : record->alarms_status == "TRIGGERED" ? ": alarm detected."
                                                                                : ".");
  deployment->updated_at = now.wall;
  record->status_reason = deployment->rollout_reason;
  record->stopped_at = now.wall;
  // Asked to roll back with nothing to go back to is a failed rollback; not asked is a plain stop.
  record->finish(roll_back == RollBack::yes ? "ROLLBACK_FAILED" : "STOPPED", now.wall);
}

}  // namespace emulator
