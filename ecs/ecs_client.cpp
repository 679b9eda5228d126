#include "ecs/ecs_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/json.h"

namespace ecs {

namespace {

using base::Json;
using base::json_integer;
using base::json_member;
using base::json_number;
using base::json_string;
using base::make_error;
using base::Result;

constexpr std::size_t kTasksPerCall = 100;
constexpr int kMostTaskPages = 20;
constexpr const char* kLoadBalancingVersion = "2015-12-01";

std::string operation(std::string_view name) {
  return "AmazonEC2ContainerServiceV20141113." + std::string(name);
}

int number(const Json& json, std::string_view key) {
  return static_cast<int>(json_integer(json, key));
}

std::string last_part(const std::string& arn) {
  return arn.substr(arn.rfind('/') + 1);
}

Deployment deployment_of(const Json& json) {
  return {.id = json_string(json, "id"),
          .status = json_string(json, "status"),
          .task_definition_arn = json_string(json, "taskDefinition"),
          .rollout_state = json_string(json, "rolloutState"),
          .rollout_reason = json_string(json, "rolloutStateReason"),
          .desired = number(json, "desiredCount"),
          .running = number(json, "runningCount"),
          .pending = number(json, "pendingCount"),
          .failed_tasks = number(json, "failedTasks")};
}

Service service_of(const Json& json) {
  Service service{.arn = json_string(json, "serviceArn"),
                  .name = json_string(json, "serviceName"),
                  .status = json_string(json, "status"),
                  .desired = number(json, "desiredCount"),
                  .running = number(json, "runningCount")};
  service.controller = json_string(json_member(json, "deploymentController"), "type", "ECS");
  const auto& configuration = json_member(json, "deploymentConfiguration");
  service.minimum_healthy_percent =
      static_cast<int>(json_integer(configuration, "minimumHealthyPercent", service.minimum_healthy_percent));
  service.maximum_percent =
      static_cast<int>(json_integer(configuration, "maximumPercent", service.maximum_percent));
  const auto& breaker = json_member(configuration, "deploymentCircuitBreaker");
  service.circuit_breaker = base::json_bool(breaker, "enable");
  service.rolls_back = base::json_bool(breaker, "rollback");
  for (const auto& entry : json_member(json, "deployments"))
    service.deployments.push_back(deployment_of(entry));
  for (const auto& entry : json_member(json, "events")) {
    service.events.push_back(
        {json_string(entry, "id"), json_number(entry, "createdAt"), json_string(entry, "message")});
  }
  for (const auto& entry : json_member(json, "loadBalancers")) {
    auto group = json_string(entry, "targetGroupArn");
    if (group.empty()) continue;
    service.target_groups.push_back(group);
    service.load_balancers.push_back(
        {std::move(group), json_string(entry, "containerName"), number(entry, "containerPort")});
  }
  service.strategy = json_string(configuration, "strategy", "ROLLING");
  service.bake_minutes = number(configuration, "bakeTimeInMinutes");
  service.launch_type = json_string(json, "launchType");
  service.health_check_grace_seconds = number(json, "healthCheckGracePeriodSeconds");
  const auto& network = json_member(json_member(json, "networkConfiguration"), "awsvpcConfiguration");
  for (const auto& subnet : json_member(network, "subnets")) {
    if (subnet.is_string()) service.subnets.push_back(subnet.get<std::string>());
  }
  return service;
}

Task task_of(const Json& json) {
  Task task{.arn = json_string(json, "taskArn"),
            .task_definition_arn = json_string(json, "taskDefinitionArn"),
            .last_status = json_string(json, "lastStatus"),
            .started_by = json_string(json, "startedBy"),
            .stop_code = json_string(json, "stopCode"),
            .stopped_reason = json_string(json, "stoppedReason"),
            .stopped_at = json_number(json, "stoppedAt")};
  task.id = last_part(task.arn);
  for (const auto& entry : json_member(json, "containers")) {
    StoppedContainer container{json_string(entry, "name"), std::nullopt, json_string(entry, "reason"),
                               json_string(entry, "imageDigest")};
    if (json_member(entry, "exitCode").is_number()) container.exit_code = number(entry, "exitCode");
    task.containers.push_back(std::move(container));
  }
  return task;
}

std::vector<Task> tasks_of(const Json& list) {
  std::vector<Task> tasks;
  for (const auto& entry : list) tasks.push_back(task_of(entry));
  return tasks;
}

/// `failures` of an answer as the actions word it.
Result<void> check_failures(const Json& answer) {
  const auto& failures = json_member(answer, "failures");
  if (!failures.is_array() || failures.empty()) return {};
  return make_error(base::ErrorKind::not_found, fmt::format("{} is {}", json_string(failures[0], "arn"),
                                                            json_string(failures[0], "reason")));
}

}  // namespace

const Deployment* Service::primary() const {
  for (const auto& deployment : deployments) {
    if (deployment.status == "PRIMARY") return &deployment;
  }
  return nullptr;
}

const Deployment* Service::find(const std::string& deployment_id) const {
  for (const auto& deployment : deployments) {
    if (deployment.id == deployment_id) return &deployment;
  }
  return nullptr;
}

Result<std::string> register_task_definition(aws::Client& client, const Json& definition) {
  TRY(const auto answer, client.change_json(aws::kEcs, operation("RegisterTaskDefinition"), definition));
  return json_string(json_member(answer, "taskDefinition"), "taskDefinitionArn");
}

Result<Json> describe_task_definition(aws::Client& client, const std::string& name) {
  TRY(const auto answer, client
                             .call_json(aws::kEcs, operation("DescribeTaskDefinition"),
                                        {{"taskDefinition", name}, {"include", Json::array({"TAGS"})}})
                             .while_doing(fmt::format("looking for task definition {}", name)));
  Json definition = json_member(answer, "taskDefinition");
  if (const auto& tags = json_member(answer, "tags"); tags.is_array() && !tags.empty())
    definition["tags"] = tags;
  return definition;
}

Result<Service> describe_service(aws::Client& client, const std::string& cluster, const std::string& name) {
  TRY(const auto answer, client.call_json(aws::kEcs, operation("DescribeServices"),
                                          {{"cluster", cluster}, {"services", Json::array({name})}}));
  TRY(check_failures(answer));
  const auto& services = json_member(answer, "services");
  if (!services.is_array() || services.empty())
    return make_error(base::ErrorKind::not_found, fmt::format("{} is MISSING", name));
  return service_of(services[0]);
}

Result<std::vector<Service>> describe_services(aws::Client& client, const std::string& cluster,
                                               const std::vector<std::string>& names) {
  TRY(const auto answer, client.call_json(aws::kEcs, operation("DescribeServices"),
                                          {{"cluster", cluster}, {"services", names}}));
  std::vector<Service> services;
  for (const auto& entry : json_member(answer, "services")) services.push_back(service_of(entry));
  return services;
}

Result<std::vector<std::string>> list_services(aws::Client& client, const std::string& cluster) {
  std::vector<std::string> names;
  Json request = {{"cluster", cluster}, {"maxResults", kTasksPerCall}};
  std::string next;
  do {
    if (!next.empty()) request["nextToken"] = next;
    TRY(const auto answer, client.call_json(aws::kEcs, operation("ListServices"), request));
    for (const auto& arn : json_member(answer, "serviceArns")) {
      if (arn.is_string()) names.push_back(last_part(arn.get<std::string>()));
    }
    next = json_string(answer, "nextToken");
  } while (!next.empty());
  std::sort(names.begin(), names.end());
  return names;
}

Result<Service> update_service(aws::Client& client, const Json& request) {
  TRY(const auto answer, client.change_json(aws::kEcs, operation("UpdateService"), request));
  return service_of(json_member(answer, "service"));
}

Result<std::vector<Task>> describe_tasks(aws::Client& client, const std::string& cluster,
                                         const std::vector<std::string>& arns) {
  if (arns.empty()) return std::vector<Task>();
  TRY(const auto answer,
      client.call_json(aws::kEcs, operation("DescribeTasks"), {{"cluster", cluster}, {"tasks", arns}}));
  return tasks_of(json_member(answer, "tasks"));
}

Result<std::vector<Task>> list_tasks(aws::Client& client, const std::string& cluster,
                                     const std::string& service, TaskStatus status) {
  Json request = {{"cluster", cluster},
                  {"serviceName", service},
                  {"desiredStatus", status == TaskStatus::running ? "RUNNING" : "STOPPED"},
                  {"maxResults", kTasksPerCall}};
  std::vector<Task> tasks;
  // ECS remembers stopped tasks for an hour, and gives them in no order: those of now may be on any page.
  for (int page = 0; page < kMostTaskPages; ++page) {
    TRY(const auto answer, client.call_json(aws::kEcs, operation("ListTasks"), request));
    std::vector<std::string> arns;
    for (const auto& arn : json_member(answer, "taskArns")) {
      if (arn.is_string()) arns.push_back(arn.get<std::string>());
    }
    TRY(auto described, describe_tasks(client, cluster, arns));
    std::move(described.begin(), described.end(), std::back_inserter(tasks));
    const auto next = json_string(answer, "nextToken");
    if (next.empty()) break;
    request["nextToken"] = next;
  }
  return tasks;
}

Result<std::vector<Task>> run_task(aws::Client& client, const Json& request) {
  TRY(const auto answer, client.change_json(aws::kEcs, operation("RunTask"), request));
  TRY(check_failures(answer));
  return tasks_of(json_member(answer, "tasks"));
}

Result<std::vector<TargetHealth>> target_health(aws::Client& client, const std::string& target_group) {
  TRY(const auto answer, client.call_query(aws::kElasticLoadBalancing, kLoadBalancingVersion,
                                           "DescribeTargetHealth", {{"TargetGroupArn", target_group}}));
  std::vector<TargetHealth> targets;
  const auto& list = json_member(answer, "TargetHealthDescriptions");
  if (!list.is_array()) return targets;
  for (const auto& entry : list) {
    const auto& target = json_member(entry, "Target");
    const auto& health = json_member(entry, "TargetHealth");
    targets.push_back({fmt::format("{}:{}", json_string(target, "Id"), json_string(target, "Port")),
                       json_string(health, "State", "unknown"), json_string(health, "Reason"),
                       json_string(health, "Description")});
  }
  return targets;
}

Result<std::vector<std::string>> last_log_lines(aws::Client& client, const std::string& group,
                                                const std::string& stream, int count) {
  const Json request = {
      {"logGroupName", group}, {"logStreamName", stream}, {"limit", count}, {"startFromHead", false}};
  TRY(const auto answer, client.call_json(aws::kCloudWatchLogs, "Logs_20140328.GetLogEvents", request));
  std::vector<std::string> lines;
  for (const auto& event : json_member(answer, "events")) lines.push_back(json_string(event, "message"));
  return lines;
}

}  // namespace ecs
