// The table of CodeDeploy's operations, and what a seed declares of it, made as the API would make it.
#include <fmt/format.h>

#include "emulator/code_deploy_service.h"

namespace emulator {
namespace {

bool only_reads(const std::string& operation) {
  return operation.starts_with("Get") || operation.starts_with("List") || operation.starts_with("BatchGet");
}

/// An entry of the seed's `code_deploy` as CreateDeploymentGroup's request.
base::Json group_request_of(const base::Json& entry) {
  base::Json request = {
      {"applicationName", base::json_string(entry, "application")},
      {"deploymentGroupName", base::json_string(entry, "deployment_group")},
      {"serviceRoleArn", base::json_string(entry, "role_arn", "arn:aws:iam::000000000000:role/deploy")},
      {"ecsServices",
       {{{"serviceName", base::json_string(entry, "service")},
         {"clusterName", base::json_string(entry, "cluster", "default")}}}},
      {"deploymentConfigName",
       base::json_string(entry, "deployment_config", "CodeDeployDefault.ECSAllAtOnce")}};
  base::Json groups = base::Json::array();
  for (const base::Json& name : base::json_member(entry, "target_groups")) groups.push_back({{"name", name}});
  request["loadBalancerInfo"]["targetGroupPairInfoList"] = {{{"targetGroups", groups}}};
  request["blueGreenDeploymentConfiguration"]["terminateBlueInstancesOnDeploymentSuccess"] = {
      {"action", "TERMINATE"},
      {"terminationWaitTimeInMinutes", base::json_integer(entry, "termination_wait_minutes", 0)}};
  if (const base::Json& events = base::json_member(entry, "auto_rollback"); events.is_array())
    request["autoRollbackConfiguration"] = {{"enabled", true}, {"events", events}};
  if (const base::Json& alarms = base::json_member(entry, "alarms"); alarms.is_array()) {
    request["alarmConfiguration"] = {{"enabled", true}, {"alarms", base::Json::array()}};
    for (const base::Json& name : alarms) request["alarmConfiguration"]["alarms"].push_back({{"name", name}});
  }
  return request;
}

}  // namespace

const std::map<std::string, CodeDeploy::Function>& CodeDeploy::functions() {
  static const std::map<std::string, Function> kOperations = {
      {"CreateApplication", &CodeDeploy::create_application},
      {"GetApplication", &CodeDeploy::get_application},
      {"ListApplications", &CodeDeploy::list_applications},
      {"BatchGetApplications", &CodeDeploy::batch_get_applications},
      {"DeleteApplication", &CodeDeploy::delete_application},
      {"CreateDeploymentGroup", &CodeDeploy::create_deployment_group},
      {"UpdateDeploymentGroup", &CodeDeploy::update_deployment_group},
      {"GetDeploymentGroup", &CodeDeploy::get_deployment_group},
      {"ListDeploymentGroups", &CodeDeploy::list_deployment_groups},
      {"BatchGetDeploymentGroups", &CodeDeploy::batch_get_deployment_groups},
      {"DeleteDeploymentGroup", &CodeDeploy::delete_deployment_group},
      {"CreateDeploymentConfig", &CodeDeploy::create_deployment_config},
      {"GetDeploymentConfig", &CodeDeploy::get_deployment_config},
      {"ListDeploymentConfigs", &CodeDeploy::list_deployment_configs},
      {"DeleteDeploymentConfig", &CodeDeploy::delete_deployment_config},
      {"CreateDeployment", &CodeDeploy::create_deployment},
      {"GetDeployment", &CodeDeploy::get_deployment},
      {"BatchGetDeployments", &CodeDeploy::batch_get_deployments},
      {"ListDeployments", &CodeDeploy::list_deployments},
      {"StopDeployment", &CodeDeploy::stop_deployment},
      {"ContinueDeployment", &CodeDeploy::continue_deployment},
      {"GetDeploymentTarget", &CodeDeploy::get_deployment_target},
      {"BatchGetDeploymentTargets", &CodeDeploy::batch_get_deployment_targets},
      {"ListDeploymentTargets", &CodeDeploy::list_deployment_targets},
      {"PutLifecycleEventHookExecutionStatus", &CodeDeploy::put_hook_status},
      {"RegisterApplicationRevision", &CodeDeploy::register_revision},
      {"GetApplicationRevision", &CodeDeploy::get_revision},
      {"ListApplicationRevisions", &CodeDeploy::list_revisions},
  };
  return kOperations;
}

base::Result<void> CodeDeploy::apply_seed(
    const base::Json& seed,
    const std::function<std::optional<std::string>(const std::string& name)>& find_listener) {
  const std::lock_guard lock(state_.mutex);
  for (const base::Json& entry : base::json_member(seed, "code_deploy")) {
    const std::string application = base::json_string(entry, "application");
    const std::string group = base::json_string(entry, "deployment_group");
    base::Json request = group_request_of(entry);
    base::Json& pair = request["loadBalancerInfo"]["targetGroupPairInfoList"][0];
    for (const auto& [key, route] : {std::pair("production_listener", "prodTrafficRoute"),
                                     std::pair("test_listener", "testTrafficRoute")}) {
      const std::string name = base::json_string(entry, key);
      if (name.empty()) continue;
      const auto arn = find_listener(name);
      if (!arn) {
        return base::invalid_input(
            fmt::format("seed: code_deploy {}: {} '{}' is not in the seed", group, key, name));
      }
      pair[route] = {{"listenerArns", {*arn}}};
    }
    ApiResult made = base::Json();
    if (!state_.applications.contains(application))
      made = create_application({{"applicationName", application}, {"computePlatform", "ECS"}});
    const auto known = state_.applications.find(application);
    if (known != state_.applications.end() && !known->second.groups.contains(group))
      made = create_deployment_group(request);
    if (const auto* failure = std::get_if<ApiFailure>(&made))
      return base::invalid_input(fmt::format("seed: code_deploy {}: {}", group, failure->message));
  }
  return {};
}

ServiceTable CodeDeploy::table() {
  ServiceTable table;
  table.name = "codedeploy";
  table.target_prefix = "CodeDeploy_20141006";
  for (const auto& [name, function] : functions()) {
    table.operations[name] = [this, function = function](const ApiCall& call) -> ApiResult {
      std::unique_lock lock(state_.mutex);
      ApiResult result = (this->*function)(call.input);
      lock.unlock();
      if (!only_reads(call.operation) && world_.changed) world_.changed();
      return result;
    };
  }
  return table;
}

}  // namespace emulator
