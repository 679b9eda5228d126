#include "ecs/service_deployments.h"

#include <fmt/format.h>

#include "base/json.h"

namespace ecs {
namespace {

using base::Json;
using base::json_member;
using base::json_string;

std::string deployments_operation(std::string_view name) {
  return fmt::format("AmazonEC2ContainerServiceV20141113.{}", name);
}

LifecycleHook hook_of(const Json& json) {
  return {.id = json_string(json, "hookId"),
          .target_type = json_string(json, "targetType"),
          .target_arn = json_string(json, "targetArn"),
          .status = json_string(json, "status"),
          .timeout_action = json_string(json, "timeoutAction"),
          .expires_at = base::json_number(json, "expiresAt")};
}

ServiceDeployment service_deployment_of(const Json& json) {
  ServiceDeployment deployment{.arn = json_string(json, "serviceDeploymentArn"),
                               .status = json_string(json, "status"),
                               .reason = json_string(json, "statusReason"),
                               .stage = json_string(json, "lifecycleStage"),
                               .target_revision = json_string(json, "targetServiceRevisionArn"),
                               .created_at = base::json_number(json, "createdAt")};
  const Json& target = json_member(json, "targetServiceRevision");
  if (target.is_object()) deployment.target_revision = json_string(target, "arn");
  if (const Json& weight = json_member(target, "requestedProductionTrafficWeight"); weight.is_number())
    deployment.production_weight = weight.get<double>();
  const Json& rollback = json_member(json, "rollback");
  deployment.rollback_reason = json_string(rollback, "reason");
  deployment.rollback_revision = json_string(rollback, "serviceRevisionArn");
  for (const char* watcher : {"deploymentCircuitBreaker", "alarms"})
    deployment.gave_up |= json_string(json_member(json, watcher), "status") == "TRIGGERED";
  for (const Json& hook : json_member(json, "lifecycleHookDetails"))
    deployment.hooks.push_back(hook_of(hook));
  return deployment;
}

/// The only entry of `key`, or what `failures` says.
base::Result<Json> only_entry(const Json& answer, const char* key, const std::string& arn) {
  const Json& list = json_member(answer, key);
  if (list.is_array() && !list.empty()) return list[0];
  const Json& failures = json_member(answer, "failures");
  const std::string reason =
      failures.is_array() && !failures.empty() ? json_string(failures[0], "reason") : "MISSING";
  return base::make_error(base::ErrorKind::not_found, fmt::format("{} is {}", arn, reason));
}

}  // namespace

base::Result<std::vector<ServiceDeployment>> list_service_deployments(
    aws::Client& client, const std::string& cluster, const std::string& service,
    const std::vector<std::string>& statuses) {
  Json request = {{"cluster", cluster}, {"service", service}, {"maxResults", 20}};
  if (!statuses.empty()) request["status"] = statuses;
  TRY(const Json answer,
      client.call_json(aws::kEcs, deployments_operation("ListServiceDeployments"), request));
  std::vector<ServiceDeployment> list;
  for (const Json& entry : json_member(answer, "serviceDeployments"))
    list.push_back(service_deployment_of(entry));
  return list;
}

base::Result<ServiceDeployment> describe_service_deployment(aws::Client& client, const std::string& arn) {
  TRY(const Json answer, client.call_json(aws::kEcs, deployments_operation("DescribeServiceDeployments"),
                                          {{"serviceDeploymentArns", Json::array({arn})}}));
  TRY(const Json entry, only_entry(answer, "serviceDeployments", arn));
  return service_deployment_of(entry);
}

base::Result<std::string> task_definition_of_revision(aws::Client& client, const std::string& revision_arn) {
  TRY(const Json answer, client.call_json(aws::kEcs, deployments_operation("DescribeServiceRevisions"),
                                          {{"serviceRevisionArns", Json::array({revision_arn})}}));
  TRY(const Json entry, only_entry(answer, "serviceRevisions", revision_arn));
  return json_string(entry, "taskDefinition");
}

base::Result<void> stop_service_deployment(aws::Client& client, const std::string& arn) {
  TRY(client.change_json(aws::kEcs, deployments_operation("StopServiceDeployment"),
                         {{"serviceDeploymentArn", arn}, {"stopType", "ROLLBACK"}}));
  return {};
}

base::Result<void> continue_service_deployment(aws::Client& client, const std::string& arn,
                                               const std::string& hook_id, HookDecision decision) {
  TRY(client.change_json(aws::kEcs, deployments_operation("ContinueServiceDeployment"),
                         {{"serviceDeploymentArn", arn},
                          {"hookId", hook_id},
                          {"action", decision == HookDecision::proceed ? "CONTINUE" : "ROLLBACK"}}));
  return {};
}

}  // namespace ecs
