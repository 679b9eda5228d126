// RegisterTaskDefinition and its companions. Members that are not known here are kept and given back.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/strings.h"
#include "emulator/ecs_json.h"
#include "emulator/ecs_service.h"
#include "emulator/task_volumes.h"

namespace emulator {
namespace {

base::Error client_error(std::string message) {
  return ecs_error("ClientException", std::move(message));
}

bool is_role(const std::string& arn) {
  return arn.starts_with("arn:aws") && arn.find(":role/") != std::string::npos;
}

bool asks_for_fargate(const base::Json& definition) {
  const auto wanted = string_list(definition, "requiresCompatibilities");
  return std::find(wanted.begin(), wanted.end(), "FARGATE") != wanted.end();
}

/// AWS's limits from above; from below any time is good, for rehearsals.
base::Result<void> check_times(const std::string& name, const base::Json& container) {
  struct Limit {
    const char* key;
    double usual;
    double most;
  };
  const base::Json& health = base::json_member(container, "healthCheck");
  for (const Limit& limit :
       {Limit{"interval", 30, 300}, {"timeout", 5, 120}, {"retries", 3, 10}, {"startPeriod", 0, 300}}) {
    const double value = base::json_number(health, limit.key, limit.usual);
    if (!(value >= 0 && value <= limit.most)) {
      return client_error(
          fmt::format("Invalid setting for container '{}'. healthCheck {} must be at most {}.", name,
                      limit.key, limit.most));
    }
  }
  const double stop = base::json_number(container, "stopTimeout", 30);
  if (!(stop >= 0 && stop <= 120))
    return client_error(
        fmt::format("Invalid setting for container '{}'. stopTimeout must be at most 120.", name));
  return {};
}

base::Result<void> check_container(const base::Json& definition, const base::Json& container) {
  const std::string name = base::json_string(container, "name");
  if (name.empty()) return client_error("Container.name should not be null or empty.");
  if (base::json_string(container, "image").empty())
    return client_error("Container.image should not be null or empty.");
  const bool has_memory = container.contains("memory") || container.contains("memoryReservation") ||
                          definition.contains("memory");
  if (!has_memory) {
    return client_error(fmt::format(
        "Invalid setting for container '{}'. At least one of 'memory' or 'memoryReservation' must "
        "be specified.",
        name));
  }
  for (const base::Json& mapping : base::json_member(container, "portMappings")) {
    const auto port = base::json_integer(mapping, "containerPort");
    if (port < 1 || port > 65535)
      return client_error(fmt::format("Invalid container port {} for container '{}'.", port, name));
  }
  return check_times(name, container);
}

base::Result<void> check_definition(const base::Json& definition) {
  const std::string family = base::json_string(definition, "family");
  const bool valid = !family.empty() && family.size() <= 255 &&
                     std::all_of(family.begin(), family.end(), [](unsigned char c) {
                       return std::isalnum(c) != 0 || c == '-' || c == '_';
                     });
  if (!valid)
    return client_error("Family contains invalid characters, or is empty or longer than 255 characters.");
  const base::Json& containers = base::json_member(definition, "containerDefinitions");
  if (!containers.is_array() || containers.empty()) return client_error("Container list cannot be empty.");
  std::set<std::string> names;
  for (const base::Json& container : containers) {
    TRY(check_container(definition, container));
    if (!names.insert(base::json_string(container, "name")).second) {
      return client_error("Container definitions must have unique names.");
    }
  }
  if (auto named = check_volume_names(definition); !named) return client_error(named.error().message);
  const bool one_essential =
      std::any_of(containers.begin(), containers.end(),
                  [](const base::Json& container) { return base::json_bool(container, "essential", true); });
  if (!one_essential) return client_error("At least one container must be marked as essential.");
  if (asks_for_fargate(definition)) {
    for (const char* key : {"cpu", "memory"}) {
      if (!definition.contains(key))
        return client_error(fmt::format("Fargate requires that '{}' be defined at the task level.", key));
    }
    if (base::json_string(definition, "networkMode") != "awsvpc") {
      return client_error("Fargate only supports network mode 'awsvpc'.");
    }
  }
  for (const char* key : {"executionRoleArn", "taskRoleArn"}) {
    const std::string role = base::json_string(definition, key);
    if (!role.empty() && role.starts_with("arn:") && !is_role(role)) return client_error("Role is not valid");
  }
  return {};
}

/// What ECS fills in when a definition says nothing.
void fill_in(base::Json& definition) {
  const bool awsvpc = base::json_string(definition, "networkMode") == "awsvpc";
  for (base::Json& container : definition["containerDefinitions"]) {
    if (!container.contains("cpu")) container["cpu"] = 0;
    if (!container.contains("essential")) container["essential"] = true;
    for (const char* key : {"portMappings", "environment", "mountPoints", "volumesFrom", "systemControls"}) {
      if (!container.contains(key)) container[key] = base::Json::array();
    }
    for (base::Json& mapping : container["portMappings"]) {
      if (!mapping.contains("hostPort"))
        mapping["hostPort"] = awsvpc ? base::json_integer(mapping, "containerPort") : 0;
      if (!mapping.contains("protocol")) mapping["protocol"] = "tcp";
    }
  }
  for (const char* key : {"volumes", "placementConstraints"}) {
    if (!definition.contains(key)) definition[key] = base::Json::array();
  }
  for (const char* key : {"cpu", "memory"}) {
    if (definition.contains(key) && definition[key].is_number()) definition[key] = definition[key].dump();
  }
  definition["compatibilities"] = base::Json::array({"EC2"});
  if (awsvpc) definition["compatibilities"].push_back("FARGATE");
  base::Json attributes = base::Json::array();
  const auto require = [&](const char* name) { attributes.push_back({{"name", name}}); };
  for (const base::Json& container : definition["containerDefinitions"]) {
    if (base::json_string(base::json_member(container, "logConfiguration"), "logDriver") == "awslogs") {
      require("com.amazonaws.ecs.capability.logging-driver.awslogs");
    }
    if (base::json_member(container, "secrets").is_array())
      require("ecs.capability.secrets.asm.environment-variables");
  }
  if (awsvpc) require("ecs.capability.task-eni");
  definition["requiresAttributes"] = attributes;
}

}  // namespace

base::Result<base::Json> EcsService::register_task_definition(const base::Json& request) {
  TRY(check_definition(request));
  base::Json definition = request;
  fill_in(definition);
  const base::Json& registered = state_.add_task_definition(definition, caller_arn_, now());
  const base::Json& tags = base::json_member(request, "tags");
  base::Json answer = {{"taskDefinition", registered}};
  if (tags.is_array() && !tags.empty()) {
    state_.tags[base::json_string(registered, "taskDefinitionArn")] = tags;
    answer["tags"] = tags;
  }
  return answer;
}

base::Result<base::Json> EcsService::describe_task_definition(const base::Json& request) {
  const base::Json* definition = state_.find_task_definition(base::json_string(request, "taskDefinition"));
  if (definition == nullptr) return client_error("Unable to describe task definition.");
  base::Json answer = {{"taskDefinition", *definition}};
  if (wants_tags(request) == WithTags::yes) {
    const auto tags = state_.tags.find(base::json_string(*definition, "taskDefinitionArn"));
    answer["tags"] = tags == state_.tags.end() ? base::Json::array() : tags->second;
  }
  return answer;
}

base::Result<base::Json> EcsService::list_task_definitions(const base::Json& request) {
  const std::string prefix = base::json_string(request, "familyPrefix");
  const std::string status = base::json_string(request, "status", "ACTIVE");
  std::vector<std::string> arns;
  for (const auto& [family, revisions] : state_.families) {
    if (!prefix.empty() && family != prefix) continue;
    for (const base::Json& definition : revisions) {
      if (base::json_string(definition, "status") == status)
        arns.push_back(base::json_string(definition, "taskDefinitionArn"));
    }
  }
  if (base::json_string(request, "sort") == "DESC") std::reverse(arns.begin(), arns.end());
  return page_of(request, "taskDefinitionArns", arns, 100);
}

base::Result<base::Json> EcsService::list_task_definition_families(const base::Json& request) {
  const std::string prefix = base::json_string(request, "familyPrefix");
  const std::string status = base::json_string(request, "status", "ALL");
  std::vector<std::string> names;
  for (const auto& [family, revisions] : state_.families) {
    const bool active = std::any_of(revisions.begin(), revisions.end(), [](const base::Json& definition) {
      return base::json_string(definition, "status") == "ACTIVE";
    });
    const bool wanted = status == "ALL" || (status == "ACTIVE") == active;
    if (wanted && family.starts_with(prefix)) names.push_back(family);
  }
  return page_of(request, "families", names, 100);
}

base::Result<base::Json> EcsService::deregister_task_definition(const base::Json& request) {
  const std::string name = base::json_string(request, "taskDefinition");
  base::Json* definition =
      last_part(name).find(':') == std::string::npos ? nullptr : state_.find_task_definition(name);
  if (definition == nullptr) return client_error("The specified task definition does not exist.");
  (*definition)["status"] = "INACTIVE";
  (*definition)["deregisteredAt"] = now();
  return base::Json{{"taskDefinition", *definition}};
}

}  // namespace emulator
