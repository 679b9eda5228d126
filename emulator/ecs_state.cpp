#include "emulator/ecs_state.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto.h"
#include "base/strings.h"

namespace emulator {

Deployment* Service::primary() {
  return deployments.empty() ? nullptr : &deployments.front();
}

Deployment* Service::deployment(std::string_view id) {
  for (Deployment& entry : deployments) {
    if (entry.id == id) return &entry;
  }
  return nullptr;
}

ServiceDeployment* Service::record_of(std::string_view deployment_id) {
  for (ServiceDeployment& entry : history) {
    if (entry.deployment_id == deployment_id) return &entry;
  }
  return nullptr;
}

DeploymentLimits Service::limits() const {
  const base::Json& configuration = base::json_member(definition, "deploymentConfiguration");
  const bool daemon = base::json_string(definition, "schedulingStrategy") == "DAEMON";
  return {static_cast<int>(base::json_integer(configuration, "minimumHealthyPercent", daemon ? 0 : 100)),
          static_cast<int>(base::json_integer(configuration, "maximumPercent", daemon ? 100 : 200))};
}

bool Service::breaker_enabled() const {
  const base::Json& configuration = base::json_member(definition, "deploymentConfiguration");
  return base::json_bool(base::json_member(configuration, "deploymentCircuitBreaker"), "enable");
}

bool Service::rolls_back() const {
  const base::Json& configuration = base::json_member(definition, "deploymentConfiguration");
  return base::json_bool(base::json_member(configuration, "deploymentCircuitBreaker"), "rollback");
}

void Service::add_event(double now, const std::string& message) {
  constexpr double kSuppressed = 6 * 3600;
  if (!events.empty() && events.front().message == message && now - events.front().created_at < kSuppressed)
    return;
  events.push_front({base::random_uuid(), now, message});
  if (events.size() > 100) events.pop_back();
}

std::string new_deployment_id() {
  std::string digits;
  for (const char byte : base::random_bytes(19))
    digits += static_cast<char>('0' + static_cast<unsigned char>(byte) % 10);
  if (digits[0] == '0') digits[0] = '1';
  return "ecs-svc/" + digits;
}

std::string last_part(std::string_view arn) {
  const std::size_t slash = arn.rfind('/');
  return std::string(slash == std::string_view::npos ? arn : arn.substr(slash + 1));
}

std::string EcsState::arn(std::string_view resource) const {
  return fmt::format("arn:aws:ecs:{}:{}:{}", region, account, resource);
}

Cluster* EcsState::find_cluster(std::string_view name_or_arn) {
  const std::string_view wanted = name_or_arn.empty() ? "default" : name_or_arn;
  for (Cluster& cluster : clusters) {
    if (cluster.name == wanted || cluster.arn == wanted) return &cluster;
  }
  return nullptr;
}

base::Json* EcsState::find_task_definition(std::string_view name) {
  const bool is_arn = name.starts_with("arn:");
  const std::string text = is_arn ? last_part(name) : std::string(name);
  const std::size_t colon = text.rfind(':');
  const auto family = families.find(text.substr(0, colon));
  if (family == families.end()) return nullptr;
  std::vector<base::Json>& revisions = family->second;
  if (colon != std::string::npos) {
    const auto revision = base::parse_integer(std::string_view(text).substr(colon + 1));
    if (!revision || *revision < 1 || static_cast<std::size_t>(*revision) > revisions.size()) return nullptr;
    return &revisions[static_cast<std::size_t>(*revision) - 1];
  }
  for (auto it = revisions.rbegin(); it != revisions.rend(); ++it) {
    if (base::json_string(*it, "status") == "ACTIVE") return &*it;
  }
  return nullptr;
}

Service* EcsState::find_service(std::string_view cluster_arn, std::string_view name_or_arn) {
  const std::string name = last_part(name_or_arn);
  Service* found = nullptr;
  for (Service& service : services) {
    if (service.cluster_arn != cluster_arn || service.name != name) continue;
    if (found == nullptr || service.status != "INACTIVE")
      found = &service;  // a deleted one may share the name
  }
  return found;
}

TaskRecord* EcsState::find_task(std::string_view id_or_arn) {
  const std::string id = last_part(id_or_arn);
  for (TaskRecord& task : tasks) {
    if (task.id == id) return &task;
  }
  return nullptr;
}

std::size_t EcsState::room_for_tasks() const {
  const auto live = static_cast<std::size_t>(std::count_if(
      tasks.begin(), tasks.end(), [](const TaskRecord& task) { return task.last_status != "STOPPED"; }));
  return live >= kMostTasks ? 0 : kMostTasks - live;
}

Cluster& EcsState::add_cluster(const std::string& name) {
  Cluster cluster;
  cluster.name = name;
  cluster.arn = arn("cluster/" + name);
  return clusters.emplace_back(std::move(cluster));
}

base::Json& EcsState::add_task_definition(base::Json definition, const std::string& registered_by,
                                          double now) {
  const std::string family = base::json_string(definition, "family");
  std::vector<base::Json>& revisions = families[family];
  definition.erase("tags");
  definition["taskDefinitionArn"] = arn(fmt::format("task-definition/{}:{}", family, revisions.size() + 1));
  definition["revision"] = revisions.size() + 1;
  definition["status"] = "ACTIVE";
  definition["registeredAt"] = now;
  definition["registeredBy"] = registered_by;
  return revisions.emplace_back(std::move(definition));
}

TaskRecord& EcsState::add_task(const Cluster& cluster, const base::Json& task_definition, double now) {
  TaskRecord task;
  task.id = base::random_hex(16);
  task.arn = arn(fmt::format("task/{}/{}", cluster.name, task.id));
  task.cluster_arn = cluster.arn;
  task.task_definition_arn = base::json_string(task_definition, "taskDefinitionArn");
  task.group = "family:" + base::json_string(task_definition, "family");
  task.created_at = now;
  ++next_address;  // an address of its own for each task, as awsvpc gives it; only the load balancer uses it
  task.address = fmt::format("10.0.{}.{}", 1 + next_address / 250 % 250, 1 + next_address % 250);
  for (const base::Json& container : base::json_member(task_definition, "containerDefinitions")) {
    ContainerRecord record;
    record.name = base::json_string(container, "name");
    record.image = base::json_string(container, "image");
    record.has_health_check = base::json_member(container, "healthCheck").is_object();
    task.containers.push_back(std::move(record));
  }
  return tasks.emplace_back(std::move(task));
}

Deployment& EcsState::start_deployment(Service& service, const std::string& task_definition_arn, double now) {
  Deployment deployment;
  deployment.id = new_deployment_id();
  deployment.task_definition_arn = task_definition_arn;
  deployment.rollout_reason = fmt::format("ECS deployment {} in progress.", deployment.id);
  deployment.created_at = now;
  deployment.updated_at = now;
  const std::string cluster_name = last_part(service.cluster_arn);
  const std::string number = last_part(deployment.id);
  deployment.revision_arn = arn(fmt::format("service-revision/{}/{}/{}", cluster_name, service.name, number));
  service.revisions.push_back({deployment.revision_arn, task_definition_arn, now});

  ServiceDeployment record;
  record.arn =
      arn(fmt::format("service-deployment/{}/{}/{}", cluster_name, service.name, base::random_hex(10)));
  record.deployment_id = deployment.id;
  record.target_revision = deployment.revision_arn;
  record.created_at = record.updated_at = now;
  record.threshold = breaker_threshold(service.desired_count);
  if (service.breaker_enabled()) record.breaker_status = "MONITORING";
  for (Deployment& before : service.deployments) {
    record.source_revisions.push_back(before.revision_arn);
    ServiceDeployment* replaced = service.record_of(before.id);
    if (replaced != nullptr && replaced->status == "ROLLBACK_IN_PROGRESS") {
      replaced->status = "ROLLBACK_FAILED";
      replaced->finished_at = replaced->updated_at = now;
    }
    before.is_rollback = false;
    if (before.status == "PRIMARY" && replaced != nullptr && replaced->finished_at == 0) {
      replaced->status = "STOPPED";
      replaced->status_reason = "The service deployment was stopped because a newer deployment replaced it.";
      replaced->finished_at = replaced->stopped_at = replaced->updated_at = now;
    }
    before.status = "ACTIVE";
    before.updated_at = now;
  }
  service.history.insert(service.history.begin(), std::move(record));
  if (service.history.size() > 100) service.history.pop_back();
  if (service.revisions.size() > 200) service.revisions.erase(service.revisions.begin());
  service.deployments.insert(service.deployments.begin(), std::move(deployment));
  service.launch_failures = service.crashes = 0;
  service.not_before = {};
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
  }
  target->status = "PRIMARY";
  target->rollout_state = "IN_PROGRESS";
  target->rollout_reason = fmt::format("ECS deployment {} in progress.", back_to);
  target->updated_at = now;
  target->is_rollback = true;
  std::rotate(service.deployments.begin(), target, target + 1);
  service.launch_failures = service.crashes = 0;
  service.not_before = {};
  service.steady_announced = false;
  service.add_event(now, fmt::format("(service {}) rolling back to deployment {}.", service.name, back_to));
  return true;
}

}  // namespace emulator
