#include "emulator/ecs_state.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto.h"
#include "base/strings.h"

namespace emulator {

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

}  // namespace emulator
