// Applications, deployment groups and deployment configurations of CodeDeploy's API.
#include <fmt/format.h>

#include <algorithm>

#include "base/crypto.h"
#include "emulator/code_deploy_service.h"
#include "emulator/ecs_json.h"

namespace emulator {
namespace {

ApiFailure no_application(const std::string& name) {
  if (name.empty())
    return code_deploy_failure("ApplicationNameRequiredException", "Application name is required");
  return code_deploy_failure("ApplicationDoesNotExistException",
                             fmt::format("No application found for name: {}", name));
}

ApiFailure no_group(const std::string& name) {
  if (name.empty())
    return code_deploy_failure("DeploymentGroupNameRequiredException", "Deployment group name is required");
  return code_deploy_failure("DeploymentGroupDoesNotExistException",
                             fmt::format("No Deployment Group found for name: {}", name));
}

/// The groups of the application when the one of this name is among them.
struct FoundGroup {
  std::map<std::string, base::Json>* groups = nullptr;
  std::optional<ApiFailure> refused;
};

FoundGroup find_group(CodeDeployState& state, const std::string& application, const std::string& name) {
  const auto found = state.applications.find(application);
  if (found == state.applications.end()) return {.refused = no_application(application)};
  if (!found->second.groups.contains(name)) return {.refused = no_group(name)};
  return {.groups = &found->second.groups};
}

base::Json application_json(const CodeDeployApplication& application) {
  return {{"applicationId", application.id},
          {"applicationName", application.name},
          {"createTime", application.create_time},
          {"linkedToGitHub", false},
          {"computePlatform", "ECS"}};
}

bool is_name(const std::string& name) {
  return !name.empty() && name.size() <= 100 && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '.' || c == '+' || c == '=' || c == ',' || c == '@' ||
           c == '-';
  });
}

/// Both waits are told as numbers, also when nobody named them: clients add them up.
base::Json with_defaults(const base::Json& group) {
  base::Json whole = group;
  base::Json& waits = whole["blueGreenDeploymentConfiguration"];
  if (!waits.is_object()) waits = base::Json::object();
  base::Json& end = waits["terminateBlueInstancesOnDeploymentSuccess"];
  if (!end.is_object()) end = base::Json::object();
  if (!end.contains("action")) end["action"] = "TERMINATE";
  if (!end.contains("terminationWaitTimeInMinutes")) end["terminationWaitTimeInMinutes"] = 0;
  base::Json& ready = waits["deploymentReadyOption"];
  if (!ready.is_object()) ready = base::Json::object();
  if (!ready.contains("actionOnTimeout")) ready["actionOnTimeout"] = "CONTINUE_DEPLOYMENT";
  if (!ready.contains("waitTimeInMinutes")) ready["waitTimeInMinutes"] = 0;
  return whole;
}

std::optional<ApiFailure> check_group(const base::Json& group) {
  const base::Json& services = base::json_member(group, "ecsServices");
  if (!services.is_array() || services.size() != 1 || base::json_string(services[0], "serviceName").empty())
    return code_deploy_failure(
        "InvalidECSServiceException",
        "A deployment group of an ECS application names exactly one service and its cluster.");
  const base::Json& pairs =
      base::json_member(base::json_member(group, "loadBalancerInfo"), "targetGroupPairInfoList");
  if (!pairs.is_array() || pairs.size() != 1)
    return code_deploy_failure("InvalidTargetGroupPairException",
                               "A deployment group of an ECS application needs one pair of target groups.");
  const base::Json& groups = base::json_member(pairs[0], "targetGroups");
  const base::Json& listeners =
      base::json_member(base::json_member(pairs[0], "prodTrafficRoute"), "listenerArns");
  if (!groups.is_array() || groups.size() != 2 || !listeners.is_array() || listeners.size() != 1)
    return code_deploy_failure("InvalidTargetGroupPairException",
                               "A target group pair needs two target groups and one production listener.");
  const base::Json& style = base::json_member(group, "deploymentStyle");
  if (base::json_string(style, "deploymentType", "BLUE_GREEN") != "BLUE_GREEN" ||
      base::json_string(style, "deploymentOption", "WITH_TRAFFIC_CONTROL") != "WITH_TRAFFIC_CONTROL")
    return code_deploy_failure("InvalidDeploymentStyleException",
                               "An ECS deployment's style is BLUE_GREEN, WITH_TRAFFIC_CONTROL.");
  const base::Json& waits = base::json_member(group, "blueGreenDeploymentConfiguration");
  const auto minutes = [&](const char* option, const char* key) {
    return base::json_integer(base::json_member(waits, option), key, 0);
  };
  const auto end = minutes("terminateBlueInstancesOnDeploymentSuccess", "terminationWaitTimeInMinutes");
  const auto ready = minutes("deploymentReadyOption", "waitTimeInMinutes");
  if (end < 0 || end > 2880 || ready < 0 || ready > 2880)
    return code_deploy_failure("InvalidBlueGreenDeploymentConfigurationException",
                               "A wait is between 0 and 2880 minutes long.");
  if (base::json_member(base::json_member(group, "alarmConfiguration"), "alarms").size() > 10)
    return code_deploy_failure("AlarmsLimitExceededException",
                               "A deployment group watches at most 10 alarms.");
  return std::nullopt;
}

constexpr const char* kGroupMembers[] = {
    "serviceRoleArn",   "deploymentConfigName",      "alarmConfiguration",
    "deploymentStyle",  "autoRollbackConfiguration", "blueGreenDeploymentConfiguration",
    "loadBalancerInfo", "outdatedInstancesStrategy", "triggerConfigurations",
    "ecsServices"};

void take_members(base::Json& group, const base::Json& input) {
  for (const char* key : kGroupMembers) {
    if (!base::json_member(input, key).is_null()) group[key] = input[key];
  }
}

}  // namespace

ApiResult CodeDeploy::create_application(const base::Json& input) {
  const std::string name = base::json_string(input, "applicationName");
  if (name.empty()) return no_application(name);
  if (!is_name(name))
    return code_deploy_failure("InvalidApplicationNameException", "The application name is not valid");
  if (const std::string platform = base::json_string(input, "computePlatform", "Server"); platform != "ECS") {
    return code_deploy_failure(
        "InvalidComputePlatformException",
        fmt::format("This emulator deploys to ECS only: computePlatform must be ECS, found {}", platform));
  }
  if (state_.applications.contains(name))
    return code_deploy_failure("ApplicationAlreadyExistsException",
                               fmt::format("An application with the name {} already exists", name));
  CodeDeployApplication& application = state_.applications[name];
  application.name = name;
  application.id = base::random_uuid();
  application.create_time = now();
  return base::Json{{"applicationId", application.id}};
}

ApiResult CodeDeploy::get_application(const base::Json& input) {
  const std::string name = base::json_string(input, "applicationName");
  const auto found = state_.applications.find(name);
  if (found == state_.applications.end()) return no_application(name);
  return base::Json{{"application", application_json(found->second)}};
}

ApiResult CodeDeploy::list_applications(const base::Json& /*input*/) {
  base::Json names = base::Json::array();
  for (const auto& [name, application] : state_.applications) names.push_back(name);
  return base::Json{{"applications", names}};
}

ApiResult CodeDeploy::batch_get_applications(const base::Json& input) {
  base::Json list = base::Json::array();
  for (const std::string& name : string_list(input, "applicationNames")) {
    const auto found = state_.applications.find(name);
    if (found == state_.applications.end()) return no_application(name);
    list.push_back(application_json(found->second));
  }
  return base::Json{{"applicationsInfo", list}};
}

ApiResult CodeDeploy::delete_application(const base::Json& input) {
  const std::string name = base::json_string(input, "applicationName");
  if (name.empty()) return no_application(name);
  state_.applications.erase(name);
  return base::Json::object();
}

ApiResult CodeDeploy::create_deployment_group(const base::Json& input) {
  const std::string application = base::json_string(input, "applicationName");
  const std::string name = base::json_string(input, "deploymentGroupName");
  const auto found = state_.applications.find(application);
  if (found == state_.applications.end()) return no_application(application);
  if (name.empty()) return no_group(name);
  if (!is_name(name))
    return code_deploy_failure("InvalidDeploymentGroupNameException",
                               "The deployment group name is not valid");
  if (found->second.groups.contains(name))
    return code_deploy_failure("DeploymentGroupAlreadyExistsException",
                               fmt::format("Deployment Group already exists for name: {}", name));
  if (base::json_string(input, "serviceRoleArn").empty())
    return code_deploy_failure("RoleRequiredException", "Role is required");
  base::Json group = {
      {"applicationName", application},
      {"deploymentGroupId", base::random_uuid()},
      {"deploymentGroupName", name},
      {"deploymentConfigName", "CodeDeployDefault.ECSAllAtOnce"},
      {"deploymentStyle", {{"deploymentType", "BLUE_GREEN"}, {"deploymentOption", "WITH_TRAFFIC_CONTROL"}}},
      {"computePlatform", "ECS"}};
  take_members(group, input);
  if (auto refused = check_group(group)) return *refused;
  const std::string config = base::json_string(group, "deploymentConfigName");
  if (!routing_of(config))
    return code_deploy_failure("DeploymentConfigDoesNotExistException",
                               fmt::format("No deployment configuration found for name: {}", config));
  found->second.groups[name] = with_defaults(group);
  return base::Json{{"deploymentGroupId", group["deploymentGroupId"]}};
}

ApiResult CodeDeploy::update_deployment_group(const base::Json& input) {
  const std::string name = base::json_string(input, "currentDeploymentGroupName");
  const auto found = find_group(state_, base::json_string(input, "applicationName"), name);
  if (found.refused) return *found.refused;
  base::Json group = found.groups->at(name);
  take_members(group, input);
  if (auto refused = check_group(group)) return *refused;
  const std::string new_name = base::json_string(input, "newDeploymentGroupName", name);
  if (!is_name(new_name))
    return code_deploy_failure("InvalidDeploymentGroupNameException",
                               "The deployment group name is not valid");
  group["deploymentGroupName"] = new_name;
  found.groups->erase(name);
  found.groups->insert_or_assign(new_name, with_defaults(group));
  return base::Json{{"hooksNotCleanedUp", base::Json::array()}};
}

ApiResult CodeDeploy::get_deployment_group(const base::Json& input) {
  const std::string application = base::json_string(input, "applicationName");
  const std::string name = base::json_string(input, "deploymentGroupName");
  const auto found = find_group(state_, application, name);
  if (found.refused) return *found.refused;
  base::Json info = found.groups->at(name);
  for (const CodeDeployment& deployment : state_.deployments) {
    if (deployment.application != application || deployment.group != name) continue;
    const base::Json last = {{"deploymentId", deployment.id},
                             {"status", deployment.status},
                             {"createTime", deployment.create_time}};
    info["lastAttemptedDeployment"] = last;
    if (deployment.status != "Succeeded") continue;
    info["lastSuccessfulDeployment"] = last;
    if (!deployment.revision.is_null()) info["targetRevision"] = deployment.revision;
  }
  return base::Json{{"deploymentGroupInfo", info}};
}

ApiResult CodeDeploy::list_deployment_groups(const base::Json& input) {
  const std::string application = base::json_string(input, "applicationName");
  const auto found = state_.applications.find(application);
  if (found == state_.applications.end()) return no_application(application);
  base::Json names = base::Json::array();
  for (const auto& [name, group] : found->second.groups) names.push_back(name);
  return base::Json{{"applicationName", application}, {"deploymentGroups", names}};
}

ApiResult CodeDeploy::batch_get_deployment_groups(const base::Json& input) {
  const std::string application = base::json_string(input, "applicationName");
  const auto found = state_.applications.find(application);
  if (found == state_.applications.end()) return no_application(application);
  base::Json answer = {{"deploymentGroupsInfo", base::Json::array()}};
  for (const std::string& name : string_list(input, "deploymentGroupNames")) {
    if (!found->second.groups.contains(name)) {
      answer["errorMessage"] = fmt::format("No Deployment Group found for name: {}", name);
      continue;
    }
    ApiResult one = get_deployment_group({{"applicationName", application}, {"deploymentGroupName", name}});
    answer["deploymentGroupsInfo"].push_back(std::get<base::Json>(one)["deploymentGroupInfo"]);
  }
  return answer;
}

ApiResult CodeDeploy::delete_deployment_group(const base::Json& input) {
  const std::string application = base::json_string(input, "applicationName");
  if (application.empty()) return no_application(application);
  const auto found = state_.applications.find(application);
  if (found != state_.applications.end())
    found->second.groups.erase(base::json_string(input, "deploymentGroupName"));
  return base::Json{{"hooksNotCleanedUp", base::Json::array()}};
}

std::optional<base::Json> CodeDeploy::routing_of(const std::string& config_name) const {
  if (auto routing = predefined_routing(config_name)) return routing;
  const auto own = state_.configs.find(config_name);
  if (own == state_.configs.end()) return std::nullopt;
  return base::json_member(own->second, "trafficRoutingConfig");
}

ApiResult CodeDeploy::create_deployment_config(const base::Json& input) {
  const std::string name = base::json_string(input, "deploymentConfigName");
  if (name.empty())
    return code_deploy_failure("DeploymentConfigNameRequiredException", "Deployment config name is required");
  if (!is_name(name) || name.starts_with("CodeDeployDefault."))
    return code_deploy_failure("InvalidDeploymentConfigNameException",
                               "The deployment config name is not valid");
  if (routing_of(name))
    return code_deploy_failure("DeploymentConfigAlreadyExistsException",
                               fmt::format("Deployment config already exists for name: {}", name));
  if (base::json_string(input, "computePlatform", "Server") != "ECS")
    return code_deploy_failure("InvalidComputePlatformException",
                               "This emulator deploys to ECS only: computePlatform must be ECS");
  base::Json routing = base::json_member(input, "trafficRoutingConfig");
  if (routing.is_null()) routing = {{"type", "AllAtOnce"}};
  if (auto checked = check_routing(routing); !checked)
    return code_deploy_failure("InvalidTrafficRoutingConfigurationException", checked.error().message);
  const std::string id = base::random_uuid();
  state_.configs[name] = {{"deploymentConfigId", id},
                          {"deploymentConfigName", name},
                          {"createTime", now()},
                          {"computePlatform", "ECS"},
                          {"trafficRoutingConfig", routing}};
  return base::Json{{"deploymentConfigId", id}};
}

ApiResult CodeDeploy::get_deployment_config(const base::Json& input) {
  const std::string name = base::json_string(input, "deploymentConfigName");
  if (const auto own = state_.configs.find(name); own != state_.configs.end())
    return base::Json{{"deploymentConfigInfo", own->second}};
  if (const auto routing = predefined_routing(name)) {
    return base::Json{{"deploymentConfigInfo",
                       {{"deploymentConfigId", "00000000-0000-0000-0000-000000000000"},
                        {"deploymentConfigName", name},
                        {"computePlatform", "ECS"},
                        {"trafficRoutingConfig", *routing}}}};
  }
  return code_deploy_failure("DeploymentConfigDoesNotExistException",
                             fmt::format("No deployment configuration found for name: {}", name));
}

ApiResult CodeDeploy::list_deployment_configs(const base::Json& /*input*/) {
  base::Json names = predefined_config_names();
  for (const auto& [name, config] : state_.configs) names.push_back(name);
  return base::Json{{"deploymentConfigsList", names}};
}

ApiResult CodeDeploy::delete_deployment_config(const base::Json& input) {
  const std::string name = base::json_string(input, "deploymentConfigName");
  if (predefined_routing(name))
    return code_deploy_failure("InvalidOperationException",
                               "A predefined deployment configuration cannot be deleted");
  for (const auto& [application_name, application] : state_.applications) {
    for (const auto& [group_name, group] : application.groups) {
      if (base::json_string(group, "deploymentConfigName") == name)
        return code_deploy_failure("DeploymentConfigInUseException",
                                   fmt::format("The deployment group {} uses {}", group_name, name));
    }
  }
  state_.configs.erase(name);
  return base::Json::object();
}

}  // namespace emulator
