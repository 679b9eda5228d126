// How a service's deployments begin, replace each other and go back. What happens in between is the
// scheduler's.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/crypto.h"
#include "emulator/ecs_state.h"

namespace emulator {
namespace {

constexpr std::size_t kMostRecords = 100;
constexpr std::size_t kMostRevisions = 200;

const base::Json& deployment_configuration(const Service& service) {
  return base::json_member(service.definition, "deploymentConfiguration");
}

/// The next set of tasks of a service whose traffic is shifted goes to the target groups that the one before
/// does not use; otherwise it stays where the traffic is.
base::Json placed_load_balancers(const Service& service, const Deployment* before) {
  base::Json placed = base::Json::array();
  const bool shifts = shifts_traffic(deployment_configuration(service));
  std::size_t at = 0;
  for (const base::Json& entry : base::json_member(service.definition, "loadBalancers")) {
    const std::string group = base::json_string(entry, "targetGroupArn");
    const std::string other =
        base::json_string(base::json_member(entry, "advancedConfiguration"), "alternateTargetGroupArn");
    const std::string used = before != nullptr && at < before->load_balancers.size()
                                 ? base::json_string(before->load_balancers[at], "targetGroupArn")
                                 : "";
    const bool stands_on_other = !other.empty() && used == other;
    const bool takes_other = !other.empty() && (shifts ? used == group : stands_on_other);
    base::Json copy = entry;
    if (takes_other) copy["targetGroupArn"] = other;
    placed.push_back(std::move(copy));
    ++at;
  }
  return placed;
}

/// What carries the production traffic when a new deployment begins: of a shift that was not over, the new
/// revision only when it had all of it already. Null: nothing does.
const Deployment* serving(Service& service) {
  if (service.deployments.empty() || service.deployments.front().is_placeholder) return nullptr;
  const ServiceDeployment* record = service.under_way();
  if (record == nullptr || record->shift.steps.empty()) {
    const auto completed = std::find_if(service.deployments.begin(), service.deployments.end(),
                                        [](const Deployment& entry) { return entry.was_completed; });
    return completed != service.deployments.end() ? &*completed : &service.deployments.front();
  }
  const TrafficShift& shift = record->shift;
  const bool has_all = !shift.on_return && shift.steps[shift.at].production_percent >= 100;
  const Deployment* chosen = service.deployment(has_all ? record->deployment_id : shift.source_id);
  return chosen != nullptr ? chosen : &service.deployments.front();
}

void replace(Service& service, double now) {
  for (Deployment& before : service.deployments) {
    ServiceDeployment* replaced = service.record_of(before.id);
    if (replaced != nullptr && !replaced->is_over()) {
      if (replaced->is_rolling_back()) {
        replaced->finish("ROLLBACK_FAILED", now);
      } else if (before.status == "PRIMARY") {
        replaced->status_reason =
            "The service deployment was stopped because a newer deployment replaced it.";
        replaced->stopped_at = now;
        replaced->finish("STOPPED", now);
      }
    }
    before.is_rollback = false;
    before.status = "ACTIVE";
    before.updated_at = now;
  }
}

std::string new_deployment_id() {
  std::string digits;
  for (const char byte : base::random_bytes(19))
    digits += static_cast<char>('0' + static_cast<unsigned char>(byte) % 10);
  if (digits[0] == '0') digits[0] = '1';
  return "ecs-svc/" + digits;
}

}  // namespace

Deployment* Service::primary() {
  return deployments.empty() ? nullptr : &deployments.front();
}

Deployment* Service::deployment(std::string_view id) {
  return const_cast<Deployment*>(std::as_const(*this).deployment(id));
}

const Deployment* Service::deployment(std::string_view id) const {
  for (const Deployment& entry : deployments) {
    if (entry.id == id) return &entry;
  }
  for (const TaskSet& entry : task_sets) {
    if (entry.set.id == id) return &entry.set;
  }
  return nullptr;
}

TaskSet* Service::task_set(std::string_view id_or_arn) {
  const auto found = std::find_if(task_sets.begin(), task_sets.end(), [&](const TaskSet& entry) {
    return entry.set.id == id_or_arn || entry.arn == id_or_arn;
  });
  return found == task_sets.end() ? nullptr : &*found;
}

bool Service::has_task_sets() const {
  return base::json_string(base::json_member(definition, "deploymentController"), "type", "ECS") != "ECS";
}

std::string Service::subject(std::string_view deployment_id) const {
  const bool is_task_set = std::any_of(task_sets.begin(), task_sets.end(),
                                       [&](const TaskSet& entry) { return entry.set.id == deployment_id; });
  return is_task_set ? fmt::format("(service {}, taskSet {})", name, deployment_id)
                     : fmt::format("(service {})", name);
}

int TaskSet::computed_count(int desired) const {
  return static_cast<int>(std::ceil(desired * scale_percent / 100 - 1e-9));
}

ServiceDeployment* Service::record_of(std::string_view deployment_id) {
  for (ServiceDeployment& entry : history) {
    if (entry.deployment_id == deployment_id) return &entry;
  }
  return nullptr;
}

ServiceDeployment* Service::under_way() {
  return history.empty() || history.front().is_over() ? nullptr : &history.front();
}

ServiceRevision* Service::revision(std::string_view revision_arn) {
  for (ServiceRevision& entry : revisions) {
    if (entry.arn == revision_arn) return &entry;
  }
  return nullptr;
}

DeploymentLimits Service::limits() const {
  const base::Json& configuration = deployment_configuration(*this);
  const bool daemon = base::json_string(definition, "schedulingStrategy") == "DAEMON";
  return {static_cast<int>(base::json_integer(configuration, "minimumHealthyPercent", daemon ? 0 : 100)),
          static_cast<int>(base::json_integer(configuration, "maximumPercent", daemon ? 100 : 200))};
}

void Service::add_event(double now, const std::string& message) {
  constexpr double kSuppressed = 6 * 3600.0;
  const bool is_trouble = message.find(" unable to ") != std::string::npos;
  for (const ServiceEvent& event : events) {
    if (now - event.created_at >= kSuppressed) break;
    if (event.message == message) return;
    // Trouble is told once until it is over; anything else may be said again after something new.
    if (!is_trouble || event.message.ends_with("has reached a steady state.")) break;
  }
  events.push_front({base::random_uuid(), now, message});
  if (events.size() > 100) events.pop_back();
}

TaskSet& EcsState::add_task_set(Service& service, const std::string& task_definition_arn, double now) {
  TaskSet task_set;
  Deployment& set = task_set.set;
  set.id = new_deployment_id();
  set.status = "ACTIVE";
  set.task_definition_arn = task_definition_arn;
  set.created_at = set.updated_at = task_set.stability_at = now;
  task_set.arn = arn(fmt::format("task-set/{}/{}/{}", last_part(service.cluster_arn), service.name, set.id));
  service.steady_announced = false;
  return service.task_sets.emplace_back(std::move(task_set));
}

Deployment& EcsState::start_deployment(Service& service, const std::string& task_definition_arn, double now) {
  const Deployment* before = serving(service);
  Deployment deployment;
  deployment.id = new_deployment_id();
  deployment.task_definition_arn = task_definition_arn;
  deployment.rollout_reason = fmt::format("ECS deployment {} in progress.", deployment.id);
  deployment.created_at = now;
  deployment.updated_at = now;
  deployment.load_balancers = placed_load_balancers(service, before);
  const std::string cluster_name = last_part(service.cluster_arn);
  const std::string number = last_part(deployment.id);
  deployment.revision_arn = arn(fmt::format("service-revision/{}/{}/{}", cluster_name, service.name, number));

  ServiceDeployment record;
  record.arn =
      arn(fmt::format("service-deployment/{}/{}/{}", cluster_name, service.name, base::random_hex(10)));
  record.deployment_id = deployment.id;
  record.target_revision = deployment.revision_arn;
  record.created_at = record.updated_at = now;
  record.configuration = deployment_configuration(service);
  const base::Json& breaker = base::json_member(record.configuration, "deploymentCircuitBreaker");
  record.threshold = breaker_threshold(service.desired_count, breaker_rule(breaker));
  if (base::json_bool(breaker, "enable")) record.breaker_status = "MONITORING";
  for (const Deployment& source : service.deployments) record.source_revisions.push_back(source.revision_arn);
  if (shifts_traffic(record.configuration)) {
    const int sources = before == nullptr ? 0 : static_cast<int>(service.deployments.size());
    record.shift.steps = plan_shift(record.configuration, {sources});
    if (before != nullptr) record.shift.source_id = before->id;
  }
  replace(service, now);

  service.revisions.push_back({deployment.revision_arn, task_definition_arn, now, service.definition,
                               deployment.load_balancers, base::Json::array()});
  service.history.insert(service.history.begin(), std::move(record));
  if (service.history.size() > kMostRecords) service.history.pop_back();
  if (service.revisions.size() > kMostRevisions) service.revisions.erase(service.revisions.begin());
  service.deployments.insert(service.deployments.begin(), std::move(deployment));
  service.steady_announced = false;
  return service.deployments.front();
}

bool EcsState::roll_back(Service& service, const std::string& reason, double now) {
  if (service.deployments.empty()) return false;
  const auto target =
      std::find_if(service.deployments.begin() + 1, service.deployments.end(),
                   [](const Deployment& entry) { return entry.was_completed && !entry.is_placeholder; });
  if (target == service.deployments.end()) return false;
  Deployment& failed = service.deployments.front();
  const std::string back_to = target->id;
  failed.status = "ACTIVE";
  failed.rollout_state = "FAILED";
  failed.rollout_reason = fmt::format("{}: rolling back to deploymentId {}.", reason, back_to);
  failed.updated_at = now;
  if (ServiceDeployment* record = service.record_of(failed.id)) {
    record->status = "ROLLBACK_IN_PROGRESS";
    record->status_reason = failed.rollout_reason;
    record->rollback_reason = failed.rollout_reason;
    record->rollback_revision = target->revision_arn;
    record->rollback_started_at = record->updated_at = now;
    TrafficShift& shift = record->shift;
    if (!shift.steps.empty()) {
      shift.steps = plan_return(shift.steps, shift.at);
      shift.at = 0;
      shift.baking_since = 0;
      shift.on_return = true;
      shift.source_id = back_to;
      shift.is_applied = false;
    }
  }
  target->status = "PRIMARY";
  target->rollout_state = "IN_PROGRESS";
  target->rollout_reason = fmt::format("ECS deployment {} in progress.", back_to);
  target->updated_at = now;
  target->is_rollback = true;
  target->launch_failures = target->crashes = 0;
  target->not_before = {};
  std::rotate(service.deployments.begin(), target, target + 1);
  service.steady_announced = false;
  service.add_event(now, fmt::format("(service {}) rolling back to deployment {}.", service.name, back_to));
  return true;
}

}  // namespace emulator
