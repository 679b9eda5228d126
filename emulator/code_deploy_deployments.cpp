// Deployments and revisions of CodeDeploy's API. Nothing waits here: the loop does what was asked for.
#include <fmt/format.h>

#include <algorithm>

#include "base/crypto.h"
#include "base/strings.h"
#include "emulator/code_deploy_service.h"
#include "emulator/ecs_json.h"

namespace emulator {
namespace {

constexpr std::size_t kMostKeptDeployments = 500;

ApiFailure no_deployment(const std::string& id) {
  if (id.empty())
    return code_deploy_failure("DeploymentIdRequiredException", "The deployment ID is required.");
  if (!id.starts_with("d-"))
    return code_deploy_failure("InvalidDeploymentIdException",
                               fmt::format("The deployment ID {} is invalid.", id));
  return code_deploy_failure("DeploymentDoesNotExistException",
                             fmt::format("The deployment {} could not be found", id));
}

/// The AppSpec's text of a revision; both ways to send it are alike.
const base::Json& content_of(const base::Json& revision) {
  const base::Json& content = base::json_member(revision, "appSpecContent");
  return content.is_object() ? content : base::json_member(revision, "string");
}

/// As GetDeployment tells it back: with its digest.
base::Json normal_revision(const base::Json& revision) {
  const std::string content = base::json_string(content_of(revision), "content");
  return {{"revisionType", "AppSpecContent"},
          {"appSpecContent", {{"content", content}, {"sha256", base::sha256_hex(content)}}}};
}

base::Json event_json(const LifecycleEvent& event) {
  base::Json json = {{"lifecycleEventName", event.name}, {"status", event.status}};
  set_time(json, "startTime", event.start_time);
  set_time(json, "endTime", event.end_time);
  if (!event.error_code.empty()) {
    json["diagnostics"] = {{"errorCode", event.error_code},
                           {"scriptName", event.function},
                           {"message", event.message},
                           {"logTail", ""}};
  }
  return json;
}

std::string target_id_of(const CodeDeployment& deployment) {
  const base::Json& services = base::json_member(deployment.group_info, "ecsServices");
  return fmt::format("{}:{}", base::json_string(services[0], "clusterName", "default"),
                     base::json_string(services[0], "serviceName"));
}

std::string target_status(const CodeDeployment& deployment) {
  if (deployment.status == "Succeeded") return "Succeeded";
  if (deployment.status == "Failed" || deployment.status == "Stopped") return "Failed";
  return deployment.status == "Ready" ? "Ready" : "InProgress";
}

}  // namespace

base::Result<AppSpec> CodeDeploy::spec_of(const base::Json& revision) const {
  const base::Json& given = content_of(revision);
  const std::string content = base::json_string(given, "content");
  if (content.empty()) {
    return base::invalid_input(
        "This emulator has no S3: a revision is given as appSpecContent with its content.");
  }
  const std::string digest = base::json_string(given, "sha256");
  if (!digest.empty() && !base::equals_ignoring_case(digest, base::sha256_hex(content)))
    return base::invalid_input("The AppSpecContent's sha256 is not that of its content.");
  auto document = base::parse_json(content);
  if (!document) document = world_.read_yaml(content);
  if (!document) return base::invalid_input("The AppSpecContent is neither JSON nor YAML.");
  return read_app_spec(*document);
}

ApiResult CodeDeploy::create_deployment(const base::Json& input) {
  const std::string application_name = base::json_string(input, "applicationName");
  const std::string group_name = base::json_string(input, "deploymentGroupName");
  ApiResult known =
      get_deployment_group({{"applicationName", application_name}, {"deploymentGroupName", group_name}});
  if (const auto* failure = std::get_if<ApiFailure>(&known)) return *failure;
  const base::Json group = state_.applications[application_name].groups[group_name];
  const std::string description = base::json_string(input, "description");
  if (description.size() > 512)
    return code_deploy_failure("DescriptionTooLongException",
                               "The description is longer than 512 characters");
  const base::Json& revision = base::json_member(input, "revision");
  if (revision.is_null()) return code_deploy_failure("RevisionRequiredException", "Revision is required");
  auto spec = spec_of(revision);
  if (!spec) return code_deploy_failure("InvalidRevisionException", spec.error().message);
  const std::string config =
      base::json_string(input, "deploymentConfigName", base::json_string(group, "deploymentConfigName"));
  const auto routing = routing_of(config);
  if (!routing)
    return code_deploy_failure("DeploymentConfigDoesNotExistException",
                               fmt::format("No deployment configuration found for name: {}", config));
  if (const CodeDeployment* active = state_.active_in(application_name, group_name)) {
    return code_deploy_failure("DeploymentLimitExceededException",
                               fmt::format("The Deployment Group '{}' already has an active Deployment '{}'",
                                           group_name, active->id));
  }
  CodeDeployment deployment;
  deployment.id = new_code_deployment_id();
  deployment.application = application_name;
  deployment.group = group_name;
  deployment.config_name = config;
  deployment.description = description;
  deployment.revision = normal_revision(revision);
  const base::Json& info = std::get<base::Json>(known)["deploymentGroupInfo"];
  deployment.previous_revision = base::json_member(info, "targetRevision");
  deployment.group_info = group;
  const auto chosen = [&](const char* in_request, const char* in_group) {
    const base::Json& value = base::json_member(input, in_request);
    return value.is_object() ? value : base::json_member(group, in_group);
  };
  deployment.auto_rollback = chosen("autoRollbackConfiguration", "autoRollbackConfiguration");
  deployment.alarms = chosen("overrideAlarmConfiguration", "alarmConfiguration");
  deployment.spec = std::move(*spec);
  deployment.traffic = traffic_steps(*routing);
  deployment.create_time = now();
  (void)register_revision({{"applicationName", application_name}, {"revision", deployment.revision}});
  while (state_.deployments.size() >= kMostKeptDeployments && state_.deployments.front().is_over())
    state_.deployments.pop_front();
  state_.deployments.push_back(std::move(deployment));
  woken_.notify_all();
  return base::Json{{"deploymentId", state_.deployments.back().id}};
}

base::Json CodeDeploy::deployment_info(const CodeDeployment& deployment) {
  const base::Json& group = deployment.group_info;
  const bool waits_for_end = deployment.at >= deployment.events.size() && !deployment.events.empty();
  const std::string target = target_status(deployment);
  base::Json overview = {{"Pending", 0}, {"InProgress", 0}, {"Succeeded", 0},
                         {"Failed", 0},  {"Skipped", 0},    {"Ready", 0}};
  overview[target] = 1;
  base::Json info = {
      {"applicationName", deployment.application},
      {"deploymentGroupName", deployment.group},
      {"deploymentConfigName", deployment.config_name},
      {"deploymentId", deployment.id},
      {"status", deployment.status},
      {"createTime", deployment.create_time},
      {"deploymentOverview", overview},
      {"creator", deployment.creator},
      {"ignoreApplicationStopFailures", false},
      {"updateOutdatedInstancesOnly", false},
      {"deploymentStyle", base::json_member(group, "deploymentStyle")},
      {"instanceTerminationWaitTimeStarted", waits_for_end && deployment.error_code.empty()},
      {"blueGreenDeploymentConfiguration", base::json_member(group, "blueGreenDeploymentConfiguration")},
      {"loadBalancerInfo", base::json_member(group, "loadBalancerInfo")},
      {"fileExistsBehavior", "DISALLOW"},
      {"deploymentStatusMessages", base::Json::array()},
      {"computePlatform", "ECS"}};
  for (const auto& [key, value] : {std::pair<const char*, const base::Json&>("revision", deployment.revision),
                                   {"previousRevision", deployment.previous_revision},
                                   {"autoRollbackConfiguration", deployment.auto_rollback},
                                   {"overrideAlarmConfiguration", deployment.alarms}}) {
    if (!value.is_null()) info[key] = value;
  }
  set_text(info, "description", deployment.description);
  set_time(info, "startTime", deployment.start_time);
  set_time(info, "completeTime", deployment.complete_time);
  if (!deployment.error_code.empty())
    info["errorInformation"] = {{"code", deployment.error_code}, {"message", deployment.error_message}};
  base::Json rollback = base::Json::object();
  set_text(rollback, "rollbackDeploymentId", deployment.rollback_id);
  set_text(rollback, "rollbackTriggeringDeploymentId", deployment.triggering_id);
  set_text(rollback, "rollbackMessage", deployment.rollback_message);
  if (!rollback.empty()) info["rollbackInfo"] = rollback;
  return info;
}

ApiResult CodeDeploy::get_deployment(const base::Json& input) {
  const std::string id = base::json_string(input, "deploymentId");
  const CodeDeployment* deployment = state_.find(id);
  if (deployment == nullptr) return no_deployment(id);
  return base::Json{{"deploymentInfo", deployment_info(*deployment)}};
}

ApiResult CodeDeploy::batch_get_deployments(const base::Json& input) {
  base::Json list = base::Json::array();
  for (const std::string& id : string_list(input, "deploymentIds")) {
    if (!id.starts_with("d-")) return no_deployment(id);
    // One that is unknown is left out.
    if (const CodeDeployment* deployment = state_.find(id)) list.push_back(deployment_info(*deployment));
  }
  return base::Json{{"deploymentsInfo", list}};
}

ApiResult CodeDeploy::list_deployments(const base::Json& input) {
  const std::string application = base::json_string(input, "applicationName");
  const std::string group = base::json_string(input, "deploymentGroupName");
  const auto statuses = string_list(input, "includeOnlyStatuses");
  if (!application.empty() && !state_.applications.contains(application))
    return code_deploy_failure("ApplicationDoesNotExistException",
                               fmt::format("No application found for name: {}", application));
  base::Json ids = base::Json::array();
  for (auto it = state_.deployments.rbegin(); it != state_.deployments.rend(); ++it) {
    const bool fits =
        (application.empty() || it->application == application) && (group.empty() || it->group == group) &&
        (statuses.empty() || std::find(statuses.begin(), statuses.end(), it->status) != statuses.end());
    if (fits) ids.push_back(it->id);
  }
  return base::Json{{"deployments", ids}};
}

std::variant<CodeDeployment*, ApiFailure> CodeDeploy::active_deployment(const base::Json& input) {
  const std::string id = base::json_string(input, "deploymentId");
  CodeDeployment* deployment = state_.find(id);
  if (deployment == nullptr) return no_deployment(id);
  if (!deployment->is_over()) return deployment;
  return code_deploy_failure("DeploymentAlreadyCompletedException",
                             fmt::format("The deployment {} is already completed.", id));
}

ApiResult CodeDeploy::stop_deployment(const base::Json& input) {
  const auto found = active_deployment(input);
  if (const auto* failure = std::get_if<ApiFailure>(&found)) return *failure;
  CodeDeployment* deployment = std::get<CodeDeployment*>(found);
  bool rolls_back = base::json_bool(deployment->auto_rollback, "enabled");
  if (base::json_member(input, "autoRollbackEnabled").is_boolean())
    rolls_back = base::json_bool(input, "autoRollbackEnabled");
  deployment->stop_rollback = rolls_back ? "yes" : "no";
  return base::Json{{"status", "Pending"}, {"statusMessage", "The deployment is being stopped."}};
}

ApiResult CodeDeploy::continue_deployment(const base::Json& input) {
  const auto found = active_deployment(input);
  if (const auto* failure = std::get_if<ApiFailure>(&found)) return *failure;
  CodeDeployment* deployment = std::get<CodeDeployment*>(found);
  const std::string type = base::json_string(input, "deploymentWaitType", "READY_WAIT");
  if (type == "READY_WAIT") {
    if (deployment->status != "Ready")
      return code_deploy_failure("DeploymentIsNotInReadyStateException",
                                 fmt::format("The deployment {} is not in the Ready state.", deployment->id));
    deployment->may_shift = true;
  } else if (type == "TERMINATION_WAIT") {
    if (deployment->at < deployment->events.size())
      return code_deploy_failure(
          "DeploymentIsNotInReadyStateException",
          fmt::format("The deployment {} does not wait for a termination.", deployment->id));
    deployment->may_terminate = true;
  } else {
    return code_deploy_failure("InvalidDeploymentWaitTypeException",
                               "The wait type must be READY_WAIT or TERMINATION_WAIT.");
  }
  return base::Json::object();
}

base::Json CodeDeploy::target_info(const CodeDeployment& deployment) {
  const base::Json& services = base::json_member(deployment.group_info, "ecsServices");
  base::Json events = base::Json::array();
  for (const LifecycleEvent& event : deployment.events) events.push_back(event_json(event));
  base::Json request = service_of(deployment);
  base::Json sets = base::Json::array();
  const auto add = [&](const TargetSet& set, const char* label, double weight) {
    if (set.task_set.empty()) return;
    request["taskSets"] = {set.task_set};
    const auto answer = world_.call_ecs("DescribeTaskSets", request);
    const base::Json& found = answer ? base::json_member(*answer, "taskSets") : base::Json();
    if (!found.is_array() || found.empty()) return;
    base::Json entry = {{"identifer", base::json_string(found[0], "id")},  // spelled so on the wire
                        {"desiredCount", base::json_integer(found[0], "computedDesiredCount")},
                        {"pendingCount", base::json_integer(found[0], "pendingCount")},
                        {"runningCount", base::json_integer(found[0], "runningCount")},
                        {"status", base::json_string(found[0], "status")},
                        {"trafficWeight", weight},
                        {"taskSetLabel", label}};
    const auto parts = base::split(set.group_arn, '/');
    if (parts.size() > 1) entry["targetGroup"] = {{"name", parts[1]}};
    sets.push_back(std::move(entry));
  };
  add(deployment.blue, "Blue", 100 - deployment.green_percent);
  add(deployment.green, "Green", deployment.green_percent);
  double updated = deployment.create_time;
  for (const LifecycleEvent& event : deployment.events)
    updated = std::max({updated, event.start_time, event.end_time});
  return {{"deploymentTargetType", "ECSTarget"},
          {"ecsTarget",
           {{"deploymentId", deployment.id},
            {"targetId", target_id_of(deployment)},
            {"targetArn", fmt::format("arn:aws:ecs:{}:{}:service/{}/{}", settings_.region, settings_.account,
                                      base::json_string(services[0], "clusterName", "default"),
                                      base::json_string(services[0], "serviceName"))},
            {"lastUpdatedAt", updated},
            {"lifecycleEvents", events},
            {"status", target_status(deployment)},
            {"taskSetsInfo", sets}}}};
}

ApiResult CodeDeploy::get_deployment_target(const base::Json& input) {
  const std::string id = base::json_string(input, "deploymentId");
  const CodeDeployment* deployment = state_.find(id);
  if (deployment == nullptr) return no_deployment(id);
  const std::string target = base::json_string(input, "targetId");
  if (target.empty())
    return code_deploy_failure("DeploymentTargetIdRequiredException",
                               "The deployment target ID is required.");
  if (target != target_id_of(*deployment))
    return code_deploy_failure("DeploymentTargetDoesNotExistException",
                               fmt::format("The deployment target {} does not exist.", target));
  return base::Json{{"deploymentTarget", target_info(*deployment)}};
}

ApiResult CodeDeploy::batch_get_deployment_targets(const base::Json& input) {
  const std::string id = base::json_string(input, "deploymentId");
  base::Json list = base::Json::array();
  for (const std::string& target : string_list(input, "targetIds")) {
    ApiResult one = get_deployment_target({{"deploymentId", id}, {"targetId", target}});
    if (const auto* failure = std::get_if<ApiFailure>(&one)) return *failure;
    list.push_back(std::get<base::Json>(one)["deploymentTarget"]);
  }
  return base::Json{{"deploymentTargets", list}};
}

ApiResult CodeDeploy::list_deployment_targets(const base::Json& input) {
  const std::string id = base::json_string(input, "deploymentId");
  const CodeDeployment* deployment = state_.find(id);
  if (deployment == nullptr) return no_deployment(id);
  return base::Json{{"targetIds", {target_id_of(*deployment)}}};
}

ApiResult CodeDeploy::put_hook_status(const base::Json& input) {
  const std::string id = base::json_string(input, "deploymentId");
  CodeDeployment* deployment = state_.find(id);
  if (deployment == nullptr) return no_deployment(id);
  const std::string execution = base::json_string(input, "lifecycleEventHookExecutionId");
  const std::string status = base::json_string(input, "status");
  if (status != "Succeeded" && status != "Failed")
    return code_deploy_failure("InvalidLifecycleEventHookExecutionStatusException",
                               "The status must be Succeeded or Failed.");
  for (LifecycleEvent& event : deployment->events) {
    if (execution.empty() || event.execution_id != execution) continue;
    if (event.status != "InProgress")
      return code_deploy_failure("LifecycleEventAlreadyCompletedException",
                                 fmt::format("The lifecycle event {} is already completed.", event.name));
    settle_hook(*deployment, event, status, "");
    return base::Json{{"lifecycleEventHookExecutionId", execution}};
  }
  return code_deploy_failure("InvalidLifecycleEventHookExecutionIdException",
                             "The lifecycle event hook execution ID is invalid.");
}

ApiResult CodeDeploy::register_revision(const base::Json& input) {
  const auto found = state_.applications.find(base::json_string(input, "applicationName"));
  if (found == state_.applications.end())
    return code_deploy_failure("ApplicationDoesNotExistException", "No application found for that name");
  const base::Json& revision = base::json_member(input, "revision");
  if (auto spec = spec_of(revision); !spec)
    return code_deploy_failure("InvalidRevisionException", spec.error().message);
  const base::Json location = normal_revision(revision);
  for (auto& known : found->second.revisions) {
    if (known.location == location) return base::Json::object();
  }
  found->second.revisions.push_back({location, base::json_string(input, "description"), now(), 0, 0});
  return base::Json::object();
}

ApiResult CodeDeploy::get_revision(const base::Json& input) {
  const std::string name = base::json_string(input, "applicationName");
  const auto found = state_.applications.find(name);
  if (found == state_.applications.end())
    return code_deploy_failure("ApplicationDoesNotExistException",
                               fmt::format("No application found for name: {}", name));
  const base::Json& revision = base::json_member(input, "revision");
  const std::string digest = base::json_string(content_of(revision), "sha256");
  for (const auto& known : found->second.revisions) {
    const base::Json& content = content_of(known.location);
    if (base::json_string(content, "sha256") != digest &&
        base::json_string(content, "content") != base::json_string(content_of(revision), "content"))
      continue;
    return base::Json{
        {"applicationName", name},
        {"revision", known.location},
        {"revisionInfo", {{"description", known.description}, {"registerTime", known.registered_at}}}};
  }
  return code_deploy_failure("RevisionDoesNotExistException", "The revision does not exist.");
}

ApiResult CodeDeploy::list_revisions(const base::Json& input) {
  const std::string name = base::json_string(input, "applicationName");
  const auto found = state_.applications.find(name);
  if (found == state_.applications.end())
    return code_deploy_failure("ApplicationDoesNotExistException",
                               fmt::format("No application found for name: {}", name));
  base::Json list = base::Json::array();
  for (const auto& known : found->second.revisions) list.push_back(known.location);
  return base::Json{{"revisions", list}};
}

}  // namespace emulator
