// CreateService, UpdateService and their companions. A change that needs new tasks makes a new primary
// deployment at once; the scheduler then rolls it out.
#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "emulator/ecs_json.h"
#include "emulator/ecs_service.h"

namespace emulator {
namespace {

/// Members of a request that are not part of what a service remembers as its definition.
constexpr const char* kNotKept[] = {"cluster",      "service",     "serviceName", "taskDefinition",
                                    "desiredCount", "clientToken", "tags",        "forceNewDeployment"};

base::Json definition_of(const base::Json& request) {
  base::Json definition = request;
  for (const char* key : kNotKept) definition.erase(key);
  return definition;
}

base::Error invalid(std::string message) {
  return ecs_error("InvalidParameterException", std::move(message));
}

base::Result<void> check_limits(const base::Json& request) {
  const base::Json& configuration = base::json_member(request, "deploymentConfiguration");
  const auto lower = base::json_integer(configuration, "minimumHealthyPercent", 100);
  const auto upper = base::json_integer(configuration, "maximumPercent", 200);
  if (lower < 0 || lower > 100 || upper < lower || upper < 1 || upper > 10'000 ||
      (lower == 100 && upper == 100)) {
    return invalid(fmt::format(
        "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments; "
        "minimumHealthyPercent must be between 0 and 100 and maximumPercent not below it: found {} and {}.",
        lower, upper));
  }
  if (auto strategy = check_strategy(configuration); !strategy) return invalid(strategy.error().message);
  const std::string controller =
      base::json_string(base::json_member(request, "deploymentController"), "type", "ECS");
  if (controller != "ECS" && shifts_traffic(configuration))
    return invalid("A deployment strategy other than ROLLING needs the ECS deployment controller.");
  const auto desired = base::json_integer(request, "desiredCount", 0);
  if (desired < 0 || desired > 5000) return invalid("The desired count must be between 0 and 5000.");
  return {};
}

bool is_code_deploy(const Service& service) {
  return base::json_string(base::json_member(service.definition, "deploymentController"), "type") ==
         "CODE_DEPLOY";
}

/// Members whose change needs new tasks.
bool needs_new_tasks(const Service& service, const base::Json& request) {
  for (const char* key : {"networkConfiguration", "loadBalancers", "platformVersion", "launchType",
                          "serviceRegistries", "capacityProviderStrategy", "enableExecuteCommand"}) {
    if (request.contains(key) && !request[key].is_null() &&
        request[key] != base::json_member(service.definition, key))
      return true;
  }
  return false;
}

}  // namespace

base::Result<Service*> EcsService::active_service(const base::Json& request) {
  TRY(Cluster* const cluster, cluster_of(request));
  Service* service = state_.find_service(cluster->arn, base::json_string(request, "service"));
  if (service == nullptr) return ecs_error("ServiceNotFoundException", "Service not found.");
  if (service->status != "ACTIVE") return ecs_error("ServiceNotActiveException", "Service was not ACTIVE.");
  return service;
}

base::Result<void> EcsService::check_containers(const base::Json& service, const base::Json& definition) {
  for (const base::Json& entry : base::json_member(service, "loadBalancers")) {
    const std::string name = base::json_string(entry, "containerName");
    const auto port = base::json_integer(entry, "containerPort");
    const base::Json& containers = base::json_member(definition, "containerDefinitions");
    const auto container = std::find_if(
        containers.begin(), containers.end(),
        [&](const base::Json& candidate) { return base::json_string(candidate, "name") == name; });
    if (container == containers.end())
      return invalid(fmt::format("The container {} does not exist in the task definition.", name));
    const base::Json& mappings = base::json_member(*container, "portMappings");
    const bool maps = std::any_of(mappings.begin(), mappings.end(), [&](const base::Json& mapping) {
      return base::json_integer(mapping, "containerPort") == port;
    });
    if (!maps)
      return invalid(fmt::format("The container {} did not have a container port {} defined.", name, port));
  }
  return {};
}

base::Result<void> EcsService::check_load_balancers(const base::Json& request) const {
  for (const base::Json& entry : base::json_member(request, "loadBalancers")) {
    const std::string group = base::json_string(entry, "targetGroupArn");
    if (group.empty() || base::json_integer(entry, "containerPort") < 1 ||
        base::json_string(entry, "containerName").empty()) {
      return invalid("loadBalancers: targetGroupArn, containerName and containerPort are needed.");
    }
    if (links_.group_is_usable && !links_.group_is_usable(group)) {
      return invalid(fmt::format(
          "The target group with targetGroupArn {} does not have an associated load balancer.", group));
    }
    const base::Json& advanced = base::json_member(entry, "advancedConfiguration");
    for (const char* key : {"productionListenerRule", "testListenerRule"}) {
      const std::string rule = base::json_string(advanced, key);
      if (!rule.empty() && links_.rule_exists && !links_.rule_exists(rule))
        return invalid(fmt::format("advancedConfiguration: the {} {} does not exist.", key, rule));
    }
  }
  return {};
}

/// A strategy that shifts traffic needs two target groups and the rule that chooses between them.
base::Result<void> EcsService::check_shift(const base::Json& service) const {
  if (!shifts_traffic(base::json_member(service, "deploymentConfiguration"))) return {};
  for (const base::Json& entry : base::json_member(service, "loadBalancers")) {
    const base::Json& advanced = base::json_member(entry, "advancedConfiguration");
    for (const char* key : {"alternateTargetGroupArn", "productionListenerRule", "roleArn"}) {
      if (base::json_string(advanced, key).empty())
        return invalid(fmt::format("advancedConfiguration.{} is required for the {} deployment strategy.",
                                   key, strategy_of(base::json_member(service, "deploymentConfiguration"))));
    }
  }
  return {};
}

base::Result<base::Json> EcsService::create_service(const base::Json& request) {
  TRY(Cluster* const cluster, cluster_of(request));
  const std::string name = base::json_string(request, "serviceName");
  if (name.empty() || name.size() > 255)
    return invalid("Service name should not be blank or longer than 255 characters.");
  Service* known = state_.find_service(cluster->arn, name);
  if (known != nullptr && known->status == "ACTIVE")
    return invalid("Creation of service was not idempotent.");
  if (known != nullptr && known->status == "DRAINING")
    return invalid("Unable to Start a service that is still Draining.");
  TRY(check_limits(request));
  TRY(check_load_balancers(request));
  TRY(check_shift(request));
  const std::string controller =
      base::json_string(base::json_member(request, "deploymentController"), "type", "ECS");
  const bool names_definition = !base::json_string(request, "taskDefinition").empty();
  if (controller == "EXTERNAL" && names_definition)
    return invalid("A task definition is not valid for a service with an EXTERNAL deployment controller.");
  const base::Json* definition = state_.find_task_definition(base::json_string(request, "taskDefinition"));
  if (controller != "EXTERNAL") {
    if (definition == nullptr) return ecs_error("ClientException", "TaskDefinition not found.");
    if (base::json_string(*definition, "status") != "ACTIVE")
      return ecs_error("ClientException", "TaskDefinition is inactive");
    TRY(check_containers(request, *definition));
  }
  // A deleted service's name is free again, its record would only shadow the new one's.
  state_.services.remove_if([&](const Service& entry) {
    return entry.cluster_arn == cluster->arn && entry.name == name && entry.status == "INACTIVE";
  });
  Service service;
  service.name = name;
  service.arn = state_.arn(fmt::format("service/{}/{}", cluster->name, name));
  service.cluster_arn = cluster->arn;
  service.desired_count = static_cast<int>(base::json_integer(request, "desiredCount", 0));
  service.created_at = now();
  service.definition = definition_of(request);
  if (!service.definition.contains("schedulingStrategy"))
    service.definition["schedulingStrategy"] = "REPLICA";
  if (!service.definition.contains("deploymentController"))
    service.definition["deploymentController"] = {{"type", "ECS"}};
  if (base::json_member(request, "tags").is_array()) service.tags = request["tags"];
  state_.services.push_back(std::move(service));
  Service& created = state_.services.back();
  if (controller == "ECS") {
    state_.start_deployment(created, base::json_string(*definition, "taskDefinitionArn"), now());
  } else if (controller == "CODE_DEPLOY") {
    TaskSet& first = state_.add_task_set(created, base::json_string(*definition, "taskDefinitionArn"), now());
    first.set.status = "PRIMARY";
    first.started_by = "ECS";
    first.scale_percent = 100;
    first.definition = created.definition;
    first.set.load_balancers = base::json_member(created.definition, "loadBalancers");
    if (!first.set.load_balancers.is_array()) first.set.load_balancers = base::Json::array();
  }
  return base::Json{{"service", service_json(state_, created, WithTags::yes)}};
}

base::Result<base::Json> EcsService::update_service(const base::Json& request) {
  TRY(Service* const service, active_service(request));
  const std::string wanted = base::json_string(request, "taskDefinition");
  const bool force = base::json_bool(request, "forceNewDeployment");
  if (is_code_deploy(*service) && (!wanted.empty() || force)) {
    return invalid(
        "Unable to update task definition on services with a CODE_DEPLOY deployment controller. Use AWS "
        "CodeDeploy "
        "to trigger a new deployment.");
  }
  const std::string current =
      service->deployments.empty() ? "" : service->deployments.front().task_definition_arn;
  const base::Json* definition =
      wanted.empty() ? state_.find_task_definition(current) : state_.find_task_definition(wanted);
  if (service->has_task_sets()) return update_scale(*service, request);
  if (definition == nullptr) return ecs_error("ClientException", "TaskDefinition not found.");
  if (!wanted.empty() && base::json_string(*definition, "status") != "ACTIVE") {
    return ecs_error("ClientException", "TaskDefinition is inactive");
  }
  base::Json after = request;  // what is not named stays
  if (after.contains("deploymentConfiguration")) {
    base::Json configuration = base::json_member(service->definition, "deploymentConfiguration");
    if (configuration.is_object() && after["deploymentConfiguration"].is_object()) {
      configuration.update(after["deploymentConfiguration"]);
      // What belonged to the strategy before goes with it.
      const base::Json& given = request["deploymentConfiguration"];
      const std::string strategy = strategy_of(configuration);
      if (strategy != "CANARY" && !given.contains("canaryConfiguration"))
        configuration.erase("canaryConfiguration");
      if (strategy != "LINEAR" && !given.contains("linearConfiguration"))
        configuration.erase("linearConfiguration");
      after["deploymentConfiguration"] = configuration;
    }
  }
  TRY(check_limits(after));
  TRY(check_load_balancers(request));
  base::Json merged = service->definition;
  merged.update(after);
  TRY(check_shift(merged));
  if (!wanted.empty() || request.contains("loadBalancers")) {
    const bool others = base::json_member(request, "loadBalancers").is_array();
    TRY(check_containers(others ? request : service->definition, *definition));
  }
  const bool changed = needs_new_tasks(*service, request);
  const base::Json changes = definition_of(after);
  for (const auto& [key, value] : changes.items()) {
    if (!value.is_null() && key != "volumeConfigurations") service->definition[key] = value;
  }
  if (request.contains("desiredCount") && request["desiredCount"].is_number_integer()) {
    service->desired_count = request["desiredCount"].get<int>();
    service->steady_announced = false;
  }
  const std::string arn = base::json_string(*definition, "taskDefinitionArn");
  if (force || changed || arn != current) state_.start_deployment(*service, arn, now());
  return base::Json{{"service", service_json(state_, *service, WithTags::yes)}};
}

/// All that UpdateService changes where others control the deployments: how many tasks, and how they are
/// judged.
base::Result<base::Json> EcsService::update_scale(Service& service, const base::Json& request) {
  for (const char* key : {"taskDefinition", "networkConfiguration", "loadBalancers", "platformVersion",
                          "capacityProviderStrategy", "serviceRegistries"}) {
    if (!base::json_member(request, key).is_null())
      return invalid(
          fmt::format("Unable to update {} on services with an EXTERNAL deployment controller. "
                      "Use a task set to change it.",
                      key));
  }
  TRY(check_limits(request));
  for (const char* key : {"healthCheckGracePeriodSeconds", "deploymentConfiguration", "enableExecuteCommand",
                          "propagateTags", "enableECSManagedTags"}) {
    if (!base::json_member(request, key).is_null()) service.definition[key] = request[key];
  }
  if (base::json_member(request, "desiredCount").is_number_integer()) {
    service.desired_count = request["desiredCount"].get<int>();
    service.steady_announced = false;
  }
  return base::Json{{"service", service_json(state_, service, WithTags::yes)}};
}

base::Result<base::Json> EcsService::delete_service(const base::Json& request) {
  TRY(Service* const service, active_service(request));
  if (service->desired_count > 0 && !base::json_bool(request, "force")) {
    return invalid("The service cannot be stopped while it is scaled above 0.");
  }
  service->status = "DRAINING";
  service->desired_count = 0;
  return base::Json{{"service", service_json(state_, *service, WithTags::yes)}};
}

base::Result<base::Json> EcsService::describe_services(const base::Json& request) {
  TRY(Cluster* const cluster, cluster_of(request));
  const auto names = string_list(request, "services");
  if (names.empty()) return invalid("Services cannot be empty.");
  if (names.size() > 10) return invalid("Services cannot have more than 10 elements.");
  base::Json answer = {{"services", base::Json::array()}, {"failures", base::Json::array()}};
  for (const std::string& name : names) {
    const Service* service = state_.find_service(cluster->arn, name);
    if (service != nullptr) {
      answer["services"].push_back(service_json(state_, *service, wants_tags(request)));
    } else {
      answer["failures"].push_back(missing(
          name.starts_with("arn:") ? name : state_.arn(fmt::format("service/{}/{}", cluster->name, name))));
    }
  }
  return answer;
}

base::Result<base::Json> EcsService::list_services(const base::Json& request) {
  TRY(Cluster* const cluster, cluster_of(request));
  std::vector<std::string> arns;
  for (const Service& service : state_.services) {
    if (service.cluster_arn == cluster->arn && service.status != "INACTIVE") arns.push_back(service.arn);
  }
  return page_of(request, "serviceArns", arns, 10);
}

}  // namespace emulator
