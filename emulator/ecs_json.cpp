#include "emulator/ecs_json.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"

namespace emulator {
namespace {

template <typename Predicate>
TaskCounts count_tasks(const EcsState& state, Predicate belongs) {
  TaskCounts counts;
  for (const TaskRecord& task : state.tasks) {
    if (!belongs(task)) continue;
    if (task.last_status == "RUNNING") ++counts.running;
    if (task.last_status == "PROVISIONING" || task.last_status == "PENDING" ||
        task.last_status == "ACTIVATING")
      ++counts.pending;
  }
  return counts;
}

base::Json deployment_json(const EcsState& state, const Service& service, const Deployment& deployment) {
  const TaskCounts counts = count_tasks(state, deployment);
  const bool primary = deployment.status == "PRIMARY" && !deployment.is_placeholder;
  base::Json json = {{"id", deployment.id},
                     {"status", deployment.status},
                     {"taskDefinition", deployment.task_definition_arn},
                     {"desiredCount", primary ? service.desired_count : counts.running + counts.pending},
                     {"pendingCount", counts.pending},
                     {"runningCount", counts.running},
                     {"failedTasks", deployment.failed_tasks},
                     {"createdAt", deployment.created_at},
                     {"updatedAt", deployment.updated_at},
                     {"launchType", base::json_string(service.definition, "launchType", "FARGATE")},
                     {"platformVersion", "1.4.0"},
                     {"platformFamily", "Linux"}};
  const base::Json& network = base::json_member(service.definition, "networkConfiguration");
  if (network.is_object()) json["networkConfiguration"] = network;
  json["rolloutState"] = deployment.rollout_state;
  json["rolloutStateReason"] = deployment.rollout_reason;
  return json;
}

base::Json container_json(const TaskRecord& task, const ContainerRecord& container) {
  base::Json json = {
      {"containerArn", base::replace_all(task.arn, ":task/", ":container/") + "/" + container.name},
      {"taskArn", task.arn},
      {"name", container.name},
      {"image", container.image},
      {"lastStatus", container.last_status},
      {"networkBindings", base::Json::array()},
      {"networkInterfaces", base::Json::array({{{"attachmentId", "eni-" + task.id.substr(0, 17)},
                                                {"privateIpv4Address", task.address}}})},
      {"healthStatus", container.health},
      {"cpu", "0"}};
  set_text(json, "imageDigest", container.image_digest);
  set_text(json, "reason", container.reason);
  if (container.exit_code) json["exitCode"] = *container.exit_code;
  return json;
}

std::string task_health(const TaskRecord& task) {
  std::string health = "UNKNOWN";
  for (const ContainerRecord& container : task.containers) {
    if (container.health == "UNHEALTHY") return "UNHEALTHY";
    if (container.health == "HEALTHY") health = "HEALTHY";
  }
  return health;
}

}  // namespace

void set_time(base::Json& object, const char* key, double time) {
  if (time > 0) object[key] = time;
}

void set_text(base::Json& object, const char* key, const std::string& text) {
  if (!text.empty()) object[key] = text;
}

TaskCounts count_tasks(const EcsState& state, const Deployment& deployment) {
  return count_tasks(state, [&](const TaskRecord& task) { return task.deployment_id == deployment.id; });
}

base::Error ecs_error(std::string code, std::string message) {
  base::Error error = base::make_error(base::ErrorKind::remote, std::move(message));
  error.code = std::move(code);
  return error;
}

base::Error cluster_not_found() {
  return ecs_error("ClusterNotFoundException", "Cluster not found.");
}

std::vector<std::string> string_list(const base::Json& request, std::string_view key) {
  std::vector<std::string> strings;
  const base::Json& list = base::json_member(request, key);
  if (!list.is_array()) return strings;
  for (const base::Json& entry : list) {
    if (entry.is_string()) strings.push_back(entry.get<std::string>());
  }
  return strings;
}

WithTags wants_tags(const base::Json& request) {
  const auto include = string_list(request, "include");
  return std::find(include.begin(), include.end(), "TAGS") != include.end() ? WithTags::yes : WithTags::no;
}

base::Json missing(std::string arn) {
  return {{"arn", std::move(arn)}, {"reason", "MISSING"}};
}

base::Json page_of(const base::Json& request, std::string_view key, const std::vector<std::string>& items,
                   std::size_t usual) {
  const auto most = std::clamp<std::int64_t>(
      base::json_integer(request, "maxResults", static_cast<std::int64_t>(usual)), 1, 100);
  const auto first = base::parse_integer(base::json_string(request, "nextToken", "0")).value_or(0);
  base::Json list = base::Json::array();
  std::size_t at = first < 0 ? 0 : static_cast<std::size_t>(first);
  for (; at < items.size() && list.size() < static_cast<std::size_t>(most); ++at) list.push_back(items[at]);
  base::Json page = {{std::string(key), list}};
  if (at < items.size()) page["nextToken"] = std::to_string(at);
  return page;
}

base::Json cluster_json(const EcsState& state, const Cluster& cluster) {
  const TaskCounts counts =
      count_tasks(state, [&](const TaskRecord& task) { return task.cluster_arn == cluster.arn; });
  int services = 0;
  for (const Service& service : state.services) {
    services += service.cluster_arn == cluster.arn && service.status == "ACTIVE" ? 1 : 0;
  }
  base::Json json = {{"clusterArn", cluster.arn},
                     {"clusterName", cluster.name},
                     {"status", cluster.status},
                     {"registeredContainerInstancesCount", 0},
                     {"runningTasksCount", counts.running},
                     {"pendingTasksCount", counts.pending},
                     {"activeServicesCount", services},
                     {"statistics", base::Json::array()},
                     {"tags", base::Json::array()},
                     {"settings", base::Json::array()},
                     {"capacityProviders", base::Json::array()},
                     {"defaultCapacityProviderStrategy", base::Json::array()}};
  json.update(cluster.definition);
  return json;
}

base::Json service_json(const EcsState& state, const Service& service, WithTags tags) {
  const TaskCounts counts =
      count_tasks(state, [&](const TaskRecord& task) { return task.service_arn == service.arn; });
  const DeploymentLimits limits = service.limits();
  base::Json json = service.definition;
  base::Json configuration = base::json_member(service.definition, "deploymentConfiguration");
  if (!configuration.is_object()) configuration = base::Json::object();
  if (!configuration.contains("deploymentCircuitBreaker")) {
    configuration["deploymentCircuitBreaker"] = {{"enable", false}, {"rollback", false}};
  }
  configuration["maximumPercent"] = limits.maximum_percent;
  configuration["minimumHealthyPercent"] = limits.minimum_healthy_percent;
  // A request has them, a described service does not: they belong to its deployments.
  for (const char* key :
       {"role", "serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations"})
    json.erase(key);
  json["serviceArn"] = service.arn;
  json["serviceName"] = service.name;
  json["clusterArn"] = service.cluster_arn;
  json["status"] = service.status;
  json["desiredCount"] = service.desired_count;
  json["runningCount"] = counts.running;
  json["pendingCount"] = counts.pending;
  json["deploymentConfiguration"] = configuration;
  json["createdAt"] = service.created_at;
  json["platformVersion"] = base::json_string(json, "platformVersion", "LATEST");
  json["platformFamily"] = "Linux";
  for (const char* key :
       {"loadBalancers", "serviceRegistries", "placementConstraints", "placementStrategy"}) {
    if (!json.contains(key)) json[key] = base::Json::array();
  }
  json["deployments"] = base::Json::array();
  for (const Deployment& deployment : service.deployments)
    json["deployments"].push_back(deployment_json(state, service, deployment));
  if (!service.deployments.empty()) {
    const Deployment& primary = service.deployments.front();
    json["taskDefinition"] = primary.task_definition_arn;
    for (const ServiceDeployment& record : service.history) {
      if (record.deployment_id == primary.id) json["currentServiceDeployment"] = record.arn;
    }
    json["currentServiceRevisions"] = base::Json::array();
    for (const Deployment& deployment : service.deployments)
      json["currentServiceRevisions"].push_back(current_revision_json(state, service, deployment));
  }
  json["taskSets"] = base::Json::array();
  for (const TaskSet& task_set : service.task_sets) {
    json["taskSets"].push_back(task_set_json(state, service, task_set, tags));
    if (task_set.set.status == "PRIMARY") json["taskDefinition"] = task_set.set.task_definition_arn;
  }
  json["events"] = base::Json::array();
  for (const ServiceEvent& event : service.events) {
    json["events"].push_back({{"id", event.id}, {"createdAt", event.created_at}, {"message", event.message}});
  }
  if (tags == WithTags::yes && !service.tags.empty()) json["tags"] = service.tags;
  return json;
}

base::Json task_json(const EcsState& state, const TaskRecord& task, WithTags tags) {
  base::Json json = {{"taskArn", task.arn},
                     {"clusterArn", task.cluster_arn},
                     {"taskDefinitionArn", task.task_definition_arn},
                     {"availabilityZone", state.region + "a"},
                     {"attachments",
                      {{{"id", "eni-" + task.id.substr(0, 17)},
                        {"type", "ElasticNetworkInterface"},
                        {"status", task.last_status == "STOPPED" ? "DELETED" : "ATTACHED"},
                        {"details", {{{"name", "privateIPv4Address"}, {"value", task.address}}}}}}},
                     {"attributes", base::Json::array()},
                     {"connectivity", "CONNECTED"},
                     {"containers", base::Json::array()},
                     {"desiredStatus", task.desired_status},
                     {"enableExecuteCommand", task.enable_execute_command},
                     {"group", task.group},
                     {"healthStatus", task_health(task)},
                     {"inferenceAccelerators", base::Json::array()},
                     {"lastStatus", task.last_status},
                     {"launchType", task.launch_type},
                     {"overrides", task.overrides},
                     {"platformVersion", "1.4.0"},
                     {"platformFamily", "Linux"},
                     {"version", 1}};
  if (!json["overrides"].contains("containerOverrides"))
    json["overrides"]["containerOverrides"] = base::Json::array();
  for (const ContainerRecord& container : task.containers)
    json["containers"].push_back(container_json(task, container));
  set_text(json, "startedBy", task.started_by);
  set_text(json, "stopCode", task.stop_code);
  set_text(json, "stoppedReason", task.stopped_reason);
  set_time(json, "createdAt", task.created_at);
  set_time(json, "pullStartedAt", task.pull_started_at);
  set_time(json, "pullStoppedAt", task.pull_stopped_at);
  set_time(json, "startedAt", task.started_at);
  set_time(json, "stoppingAt", task.stopping_at);
  set_time(json, "stoppedAt", task.stopped_at);
  json["tags"] = tags == WithTags::yes ? task.tags : base::Json::array();
  return json;
}

}  // namespace emulator
