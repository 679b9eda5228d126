// What a seed declares of ECS, made as the API would make it.
#include <fmt/format.h>

#include "emulator/ecs_json.h"
#include "emulator/ecs_service.h"

namespace emulator {
namespace {

base::Error seed_error(std::string message) {
  return base::make_error(base::ErrorKind::invalid_input, "seed: " + std::move(message));
}

/// A service that was never deployed still has a task definition on AWS. This one starts nothing.
base::Json placeholder_definition(const std::string& service, const base::Json& load_balancers) {
  std::string container = service;
  base::Json mappings = base::Json::array();
  for (const base::Json& entry : load_balancers) {
    container = base::json_string(entry, "containerName", container);
    mappings.push_back({{"containerPort", base::json_integer(entry, "containerPort")}});
  }
  return {{"family", service + "-placeholder"},
          {"networkMode", "awsvpc"},
          {"requiresCompatibilities", {"FARGATE"}},
          {"cpu", "256"},
          {"memory", "512"},
          {"containerDefinitions",
           base::Json::array({{{"name", container}, {"image", "placeholder"}, {"portMappings", mappings}}})}};
}

/// A service's load_balancers as the API has them, with the second target group and the rules of a service
/// whose traffic is shifted.
base::Result<base::Json> seeded_balancers(const base::Json& service, const EcsService::SeedNames& names) {
  const std::string name = base::json_string(service, "name");
  const auto find = [&](const auto& lookup, const base::Json& entry,
                        const char* key) -> base::Result<std::string> {
    const std::string wanted = base::json_string(entry, key);
    if (const auto arn = lookup(wanted)) return *arn;
    const bool is_group = std::string_view(key).ends_with("target_group");
    return seed_error(fmt::format("service {}: {} '{}' is not among {}", name, key, wanted,
                                  is_group ? "target_groups" : "the listeners of load_balancers"));
  };
  base::Json balancers = base::Json::array();
  for (const base::Json& entry : base::json_member(service, "load_balancers")) {
    TRY(const std::string group, find(names.find_group, entry, "target_group"));
    base::Json balancer = {{"targetGroupArn", group},
                           {"containerName", base::json_string(entry, "container", name)},
                           {"containerPort", base::json_integer(entry, "port")}};
    if (entry.contains("alternate_target_group")) {
      base::Json& advanced = balancer["advancedConfiguration"];
      TRY(advanced["alternateTargetGroupArn"], find(names.find_group, entry, "alternate_target_group"));
      TRY(advanced["productionListenerRule"], find(names.find_rule, entry, "production_listener"));
      if (entry.contains("test_listener")) {
        TRY(advanced["testListenerRule"], find(names.find_rule, entry, "test_listener"));
      }
      advanced["roleArn"] = base::json_string(entry, "role_arn", "arn:aws:iam::000000000000:role/ecs");
    }
    balancers.push_back(std::move(balancer));
  }
  return balancers;
}

}  // namespace

base::Result<void> EcsService::apply_seed(const base::Json& seed, const SeedNames& names) {
  std::lock_guard lock(state_.mutex);
  caller_arn_ = fmt::format("arn:aws:iam::{}:root", state_.account);
  for (const base::Json& entry : base::json_member(seed, "clusters")) {
    const std::string name = entry.is_string() ? entry.get<std::string>() : base::json_string(entry, "name");
    if (name.empty()) return seed_error("clusters: an entry has no name");
    if (state_.find_cluster(name) == nullptr)
      TRY(create_cluster({{"clusterName", name}}).while_doing("seeding cluster " + name));
  }
  for (const base::Json& entry : base::json_member(seed, "task_definitions")) {
    const std::string family = base::json_string(entry, "family");
    if (state_.families.contains(family)) continue;
    TRY(register_task_definition(entry).while_doing("seeding task definition " + family));
  }
  for (const base::Json& entry : base::json_member(seed, "services")) TRY(seed_service(entry, names));
  return {};
}

base::Result<void> EcsService::seed_service(const base::Json& entry, const SeedNames& names) {
  const std::string name = base::json_string(entry, "name");
  const std::string cluster_name = base::json_string(entry, "cluster", "default");
  if (name.empty()) return seed_error("services: an entry has no name");
  const Cluster* cluster = state_.find_cluster(cluster_name);
  if (cluster == nullptr) {
    return seed_error(fmt::format("service {}: cluster '{}' is not among clusters", name, cluster_name));
  }
  if (state_.find_service(cluster->arn, name) != nullptr) return {};
  // Its keys are snake_case or the API's own; unknown ones are the API's.
  base::Json request = {{"serviceName", name}, {"cluster", cluster_name}, {"launchType", "FARGATE"}};
  request["desiredCount"] =
      base::json_integer(entry, "desired_count", base::json_integer(entry, "desiredCount", 1));
  TRY(const base::Json balancers, seeded_balancers(entry, names));
  request["loadBalancers"] = balancers;
  if (entry.contains("health_check_grace_period_seconds")) {
    request["healthCheckGracePeriodSeconds"] = entry["health_check_grace_period_seconds"];
  }
  base::Json configuration = base::Json::object();
  const base::Json& wanted = base::json_member(entry, "deployment_configuration");
  configuration["minimumHealthyPercent"] = base::json_integer(wanted, "minimum_healthy_percent", 100);
  configuration["maximumPercent"] = base::json_integer(wanted, "maximum_percent", 200);
  const base::Json& breaker = base::json_member(wanted, "circuit_breaker");
  configuration["deploymentCircuitBreaker"] = {{"enable", base::json_bool(breaker, "enable")},
                                               {"rollback", base::json_bool(breaker, "rollback")}};
  // Strategies and alarms are the API's own words.
  const base::Json& own = base::json_member(entry, "deploymentConfiguration");
  if (own.is_object()) configuration.update(own);
  request["deploymentConfiguration"] = configuration;
  for (const char* key :
       {"networkConfiguration", "propagateTags", "enableECSManagedTags", "deploymentController", "tags"}) {
    if (entry.contains(key)) request[key] = entry[key];
  }
  const std::string definition = base::json_string(entry, "task_definition");
  const bool never_deployed = definition.empty();
  if (never_deployed) {
    const base::Json placeholder = placeholder_definition(name, balancers);
    if (!state_.families.contains(base::json_string(placeholder, "family")))
      TRY(register_task_definition(placeholder));
    request["taskDefinition"] = base::json_string(placeholder, "family");
  } else {
    request["taskDefinition"] = definition;
  }
  TRY(create_service(request).while_doing("seeding service " + name));
  if (!never_deployed) return {};
  Service& service = *state_.find_service(cluster->arn, name);
  if (service.has_task_sets()) {
    for (TaskSet& task_set : service.task_sets) task_set.set.is_placeholder = true;
    return {};
  }
  Deployment& deployment = service.deployments.front();
  deployment.is_placeholder = true;
  deployment.rollout_state = "COMPLETED";
  deployment.rollout_reason = fmt::format("ECS deployment {} completed.", deployment.id);
  // Nothing ran, so nothing is proven that a rollback could go to.
  service.history.front().status_reason = "Nothing was deployed yet";
  service.history.front().finish("STOPPED", now());
  return {};
}

}  // namespace emulator
