// RegisterTaskDefinition and its companions. Members that are not known here are kept and given back.
#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "emulator/definition_check.h"
#include "emulator/ecs_json.h"
#include "emulator/ecs_service.h"

namespace emulator {
namespace {

base::Error client_error(std::string message) {
  return ecs_error("ClientException", std::move(message));
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
