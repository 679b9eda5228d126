// CodeDeploy's records and how the state folder keeps them.
#include "emulator/code_deploy_state.h"

#include "base/crypto.h"

namespace emulator {
namespace {

base::Json to_json(const LifecycleEvent& event) {
  return {{"name", event.name},
          {"status", event.status},
          {"start_time", event.start_time},
          {"end_time", event.end_time},
          {"function", event.function},
          {"execution_id", event.execution_id},
          {"error_code", event.error_code},
          {"message", event.message}};
}

LifecycleEvent event_from_json(const base::Json& json) {
  LifecycleEvent event;
  event.name = base::json_string(json, "name");
  event.status = base::json_string(json, "status");
  event.start_time = base::json_number(json, "start_time");
  event.end_time = base::json_number(json, "end_time");
  event.function = base::json_string(json, "function");
  event.execution_id = base::json_string(json, "execution_id");
  event.error_code = base::json_string(json, "error_code");
  event.message = base::json_string(json, "message");
  return event;
}

base::Json to_json(const AppSpec& spec) {
  return {{"task_definition", spec.task_definition},
          {"container", spec.container},
          {"port", spec.port},
          {"platform_version", spec.platform_version},
          {"network_configuration", spec.network_configuration},
          {"capacity_provider_strategy", spec.capacity_provider_strategy},
          {"hooks", spec.hooks}};
}

AppSpec spec_from_json(const base::Json& json) {
  AppSpec spec;
  spec.task_definition = base::json_string(json, "task_definition");
  spec.container = base::json_string(json, "container");
  spec.port = static_cast<int>(base::json_integer(json, "port"));
  spec.platform_version = base::json_string(json, "platform_version");
  spec.network_configuration = base::json_member(json, "network_configuration");
  spec.capacity_provider_strategy = base::json_member(json, "capacity_provider_strategy");
  for (const auto& [event, function] : base::json_member(json, "hooks").items()) {
    if (function.is_string()) spec.hooks[event] = function.get<std::string>();
  }
  return spec;
}

base::Json to_json(const TargetSet& set) {
  return {{"task_set", set.task_set}, {"group", set.group_arn}};
}

TargetSet target_set_from_json(const base::Json& json) {
  return {base::json_string(json, "task_set"), base::json_string(json, "group")};
}

base::Json to_json(const CodeDeployment& deployment) {
  base::Json events = base::Json::array();
  for (const LifecycleEvent& event : deployment.events) events.push_back(to_json(event));
  base::Json traffic = base::Json::array();
  for (const TrafficStep& step : deployment.traffic)
    traffic.push_back({{"percent", step.percent}, {"wait_minutes", step.wait_minutes}});
  return {{"id", deployment.id},
          {"application", deployment.application},
          {"group", deployment.group},
          {"config_name", deployment.config_name},
          {"description", deployment.description},
          {"creator", deployment.creator},
          {"status", deployment.status},
          {"revision", deployment.revision},
          {"previous_revision", deployment.previous_revision},
          {"group_info", deployment.group_info},
          {"auto_rollback", deployment.auto_rollback},
          {"alarms", deployment.alarms},
          {"spec", to_json(deployment.spec)},
          {"traffic", traffic},
          {"create_time", deployment.create_time},
          {"start_time", deployment.start_time},
          {"complete_time", deployment.complete_time},
          {"error_code", deployment.error_code},
          {"error_message", deployment.error_message},
          {"rollback_id", deployment.rollback_id},
          {"triggering_id", deployment.triggering_id},
          {"rollback_message", deployment.rollback_message},
          {"events", events},
          {"at", deployment.at},
          {"blue", to_json(deployment.blue)},
          {"green", to_json(deployment.green)},
          {"green_percent", deployment.green_percent},
          {"traffic_step", deployment.traffic_step},
          {"waiting_since", deployment.waiting_since},
          {"may_shift", deployment.may_shift},
          {"may_terminate", deployment.may_terminate},
          {"stop_rollback", deployment.stop_rollback}};
}

CodeDeployment code_deployment_from_json(const base::Json& json) {
  CodeDeployment deployment;
  deployment.id = base::json_string(json, "id");
  deployment.application = base::json_string(json, "application");
  deployment.group = base::json_string(json, "group");
  deployment.config_name = base::json_string(json, "config_name");
  deployment.description = base::json_string(json, "description");
  deployment.creator = base::json_string(json, "creator");
  deployment.status = base::json_string(json, "status");
  deployment.revision = base::json_member(json, "revision");
  deployment.previous_revision = base::json_member(json, "previous_revision");
  deployment.group_info = base::json_member(json, "group_info");
  deployment.auto_rollback = base::json_member(json, "auto_rollback");
  deployment.alarms = base::json_member(json, "alarms");
  deployment.spec = spec_from_json(base::json_member(json, "spec"));
  for (const base::Json& step : base::json_member(json, "traffic"))
    deployment.traffic.push_back(
        {base::json_number(step, "percent"), base::json_number(step, "wait_minutes")});
  deployment.create_time = base::json_number(json, "create_time");
  deployment.start_time = base::json_number(json, "start_time");
  deployment.complete_time = base::json_number(json, "complete_time");
  deployment.error_code = base::json_string(json, "error_code");
  deployment.error_message = base::json_string(json, "error_message");
  deployment.rollback_id = base::json_string(json, "rollback_id");
  deployment.triggering_id = base::json_string(json, "triggering_id");
  deployment.rollback_message = base::json_string(json, "rollback_message");
  for (const base::Json& event : base::json_member(json, "events"))
    deployment.events.push_back(event_from_json(event));
  deployment.at = static_cast<std::size_t>(base::json_integer(json, "at"));
  deployment.blue = target_set_from_json(base::json_member(json, "blue"));
  deployment.green = target_set_from_json(base::json_member(json, "green"));
  deployment.green_percent = base::json_number(json, "green_percent");
  deployment.traffic_step = static_cast<std::size_t>(base::json_integer(json, "traffic_step"));
  deployment.waiting_since = base::json_number(json, "waiting_since");
  deployment.may_shift = base::json_bool(json, "may_shift");
  deployment.may_terminate = base::json_bool(json, "may_terminate");
  deployment.stop_rollback = base::json_string(json, "stop_rollback");
  return deployment;
}

}  // namespace

CodeDeployment* CodeDeployState::find(std::string_view id) {
  for (CodeDeployment& deployment : deployments) {
    if (deployment.id == id) return &deployment;
  }
  return nullptr;
}

CodeDeployment* CodeDeployState::active_in(std::string_view application, std::string_view group) {
  for (CodeDeployment& deployment : deployments) {
    if (deployment.application == application && deployment.group == group && !deployment.is_over())
      return &deployment;
  }
  return nullptr;
}

std::string new_code_deployment_id() {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  std::string id = "d-";
  for (const char byte : base::random_bytes(9))
    id += kLetters[static_cast<unsigned char>(byte) % kLetters.size()];
  return id;
}

base::Json kept_state(CodeDeployState& state) {
  const std::lock_guard lock(state.mutex);
  base::Json applications = base::Json::array();
  for (const auto& [name, application] : state.applications) {
    base::Json revisions = base::Json::array();
    for (const auto& revision : application.revisions) {
      revisions.push_back({{"location", revision.location},
                           {"description", revision.description},
                           {"registered_at", revision.registered_at},
                           {"first_used_at", revision.first_used_at},
                           {"last_used_at", revision.last_used_at}});
    }
    applications.push_back({{"name", name},
                            {"id", application.id},
                            {"create_time", application.create_time},
                            {"groups", application.groups},
                            {"revisions", revisions}});
  }
  base::Json deployments = base::Json::array();
  for (const CodeDeployment& deployment : state.deployments) deployments.push_back(to_json(deployment));
  return {{"applications", applications}, {"configs", state.configs}, {"deployments", deployments}};
}

base::Result<void> load_kept_state(CodeDeployState& state, const base::Json& document) {
  if (!document.is_object()) return base::invalid_input("the kept CodeDeploy state is not a JSON object");
  const std::lock_guard lock(state.mutex);
  for (const base::Json& entry : base::json_member(document, "applications")) {
    CodeDeployApplication application;
    application.name = base::json_string(entry, "name");
    application.id = base::json_string(entry, "id");
    application.create_time = base::json_number(entry, "create_time");
    for (const auto& [name, group] : base::json_member(entry, "groups").items())
      application.groups[name] = group;
    for (const base::Json& revision : base::json_member(entry, "revisions")) {
      application.revisions.push_back(
          {base::json_member(revision, "location"), base::json_string(revision, "description"),
           base::json_number(revision, "registered_at"), base::json_number(revision, "first_used_at"),
           base::json_number(revision, "last_used_at")});
    }
    state.applications[application.name] = std::move(application);
  }
  for (const auto& [name, config] : base::json_member(document, "configs").items())
    state.configs[name] = config;
  for (const base::Json& entry : base::json_member(document, "deployments"))
    state.deployments.push_back(code_deployment_from_json(entry));
  return {};
}

}  // namespace emulator
