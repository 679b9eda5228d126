#include "emulator/definition_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <set>

#include "base/json.h"
#include "base/strings.h"
#include "emulator/ecs_json.h"
#include "emulator/task_volumes.h"

namespace emulator {
namespace {

constexpr std::size_t kLongestWord = 255;
constexpr std::size_t kLargestDefinition = 64U << 10;

base::Error refused(std::string message) {
  return ecs_error("ClientException", std::move(message));
}

bool is_role(const std::string& arn) {
  return arn.starts_with("arn:aws") && arn.find(":role/") != std::string::npos;
}

bool asks_for_fargate(const base::Json& definition) {
  const auto wanted = string_list(definition, "requiresCompatibilities");
  return std::find(wanted.begin(), wanted.end(), "FARGATE") != wanted.end();
}

bool consists_of(const std::string& text, std::string_view marks) {
  return text.size() <= kLongestWord && std::all_of(text.begin(), text.end(), [marks](unsigned char c) {
           return std::isalnum(c) != 0 || marks.find(static_cast<char>(c)) != std::string_view::npos;
         });
}

/// A task's cpu or memory: `1024`, `1 vCPU`, `.5 GB`; seeds write numbers, too. 0 is neither.
std::int64_t size_of(const base::Json& definition, const char* key, std::string_view unit) {
  const base::Json& value = base::json_member(definition, key);
  std::string text =
      base::to_lower(base::trim(value.is_number() ? value.dump() : base::json_string(definition, key)));
  const bool in_units = text.ends_with(unit);
  if (in_units) text = base::trim(text.substr(0, text.size() - unit.size()));
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end) * (in_units ? 1024 : 1);
  return text.empty() || *end != 0 || !(number >= 1 && number <= 1e9) ? 0 : static_cast<std::int64_t>(number);
}

/// AWS's guide "Fargate task size", in CPU units and MiB.
bool fargate_has(std::int64_t cpu, std::int64_t memory) {
  struct Size {
    std::int64_t cpu, least, most, step;
  };
  constexpr Size kSizes[] = {{256, 512, 1024, 512},      {256, 2048, 2048, 1},
                             {512, 1024, 4096, 1024},    {1024, 2048, 8192, 1024},
                             {2048, 4096, 16384, 1024},  {4096, 8192, 30720, 1024},
                             {8192, 16384, 61440, 4096}, {16384, 32768, 122880, 8192}};
  return std::any_of(std::begin(kSizes), std::end(kSizes), [&](const Size& size) {
    return cpu == size.cpu && memory >= size.least && memory <= size.most &&
           (memory - size.least) % size.step == 0;
  });
}

base::Result<void> check_size(const base::Json& definition) {
  const bool fargate = asks_for_fargate(definition);
  for (const char* key : {"cpu", "memory"}) {
    if (fargate && base::json_member(definition, key).is_null())
      return refused(fmt::format("Fargate requires that '{}' be defined at the task level.", key));
  }
  const auto cpu = size_of(definition, "cpu", "vcpu");
  const auto memory = size_of(definition, "memory", "gb");
  for (const auto& [key, size] : {std::pair{"cpu", cpu}, {"memory", memory}}) {
    if (size == 0 && !base::json_member(definition, key).is_null())
      return refused(fmt::format("Invalid '{}' setting for task.", key));
  }
  if (fargate && !fargate_has(cpu, memory)) {
    return refused(
        fmt::format("No Fargate configuration exists for given values: {} CPU, {} memory. See the Amazon ECS "
                    "documentation for the valid values.",
                    cpu, memory));
  }
  std::int64_t reserved = 0;
  for (const base::Json& container : base::json_member(definition, "containerDefinitions")) {
    reserved += std::clamp<std::int64_t>(base::json_integer(container, "cpu"), 0, 1 << 30);
    if (memory > 0 && base::json_integer(container, "memory") > memory)
      return refused(fmt::format("The 'memory' setting for container '{}' is greater than for the task.",
                                 base::json_string(container, "name")));
  }
  if (cpu > 0 && reserved > cpu)
    return refused(
        "The sum of all container 'cpu' values cannot be greater than the value of the task 'cpu'.");
  return {};
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
      return refused(fmt::format("Invalid setting for container '{}'. healthCheck {} must be at most {}.",
                                 name, limit.key, limit.most));
    }
  }
  const double stop = base::json_number(container, "stopTimeout", 30);
  if (!(stop >= 0 && stop <= 120))
    return refused(fmt::format("Invalid setting for container '{}'. stopTimeout must be at most 120.", name));
  return {};
}

base::Result<void> check_ports(const base::Json& definition, const base::Json& container) {
  const bool own_address = base::json_string(definition, "networkMode") == "awsvpc";
  for (const base::Json& mapping : base::json_member(container, "portMappings")) {
    const bool is_range = !base::json_string(mapping, "containerPortRange").empty();
    const auto port = base::json_integer(mapping, "containerPort");
    const auto on_host = base::json_integer(mapping, "hostPort");
    if (!is_range && (port < 1 || port > 65535))
      return refused(fmt::format("Invalid 'containerPort' setting for container '{}'.",
                                 base::json_string(container, "name")));
    if (own_address && on_host != 0 && on_host != port)
      return refused(
          "When networkMode=awsvpc, the host ports and container ports in port mappings must match.");
  }
  return {};
}

/// What a container takes from elsewhere: logs, secrets, the role that reads them.
base::Result<void> check_sources(const base::Json& definition, const base::Json& container) {
  const bool has_role = !base::json_string(definition, "executionRoleArn").empty();
  const base::Json& log = base::json_member(container, "logConfiguration");
  if (base::json_string(log, "logDriver") == "awslogs") {
    std::vector<std::string> missing;
    for (const char* key : {"awslogs-region", "awslogs-group"}) {
      if (base::json_string(base::json_member(log, "options"), key).empty()) missing.emplace_back(key);
    }
    if (!missing.empty()) return refused("Log driver awslogs requires options: " + base::join(missing, ", "));
    if (asks_for_fargate(definition) && !has_role)
      return refused(
          "Fargate requires task definition to have execution role ARN to support log driver awslogs.");
  }
  if (asks_for_fargate(definition) && !has_role &&
      base::json_string(container, "image").find(".dkr.ecr.") != std::string::npos)
    return refused("Fargate requires task definition to have execution role ARN to support ECR images.");
  const base::Json& secrets = base::json_member(container, "secrets");
  if (!secrets.empty() && !has_role)
    return refused(
        "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.");
  std::set<std::string> variables;
  for (const base::Json& variable : base::json_member(container, "environment"))
    variables.insert(base::json_string(variable, "name"));
  for (const base::Json& secret : secrets) {
    const auto name = base::json_string(secret, "name");
    if (!variables.insert(name).second)
      return refused(
          fmt::format("The secret name must be unique and not shared with any new or existing "
                      "environment variables set on the container, such as '{}'.",
                      name));
  }
  return {};
}

base::Result<void> check_container(const base::Json& definition, const base::Json& container) {
  const std::string name = base::json_string(container, "name");
  if (name.empty()) return refused("Container.name should not be null or empty.");
  if (!consists_of(name, "-_")) return refused("Container.name contains invalid characters.");
  const std::string image = base::json_string(container, "image");
  if (image.empty()) return refused("Container.image should not be null or empty.");
  if (!consists_of(image, "-_:./@#")) return refused("Container.image contains invalid characters.");
  const bool has_memory = container.contains("memory") || container.contains("memoryReservation") ||
                          definition.contains("memory");
  if (!has_memory) {
    return refused(fmt::format(
        "Invalid setting for container '{}'. At least one of 'memory' or 'memoryReservation' must "
        "be specified.",
        name));
  }
  TRY(check_ports(definition, container));
  TRY(check_sources(definition, container));
  return check_times(name, container);
}

base::Result<void> check_dependencies(const base::Json& containers) {
  for (const base::Json& container : containers) {
    for (const base::Json& wait : base::json_member(container, "dependsOn")) {
      const auto name = base::json_string(wait, "containerName");
      const auto found = std::find_if(containers.begin(), containers.end(), [&](const base::Json& other) {
        return base::json_string(other, "name") == name;
      });
      if (found == containers.end())
        return refused(fmt::format("The dependency container '{}' does not exist.", name));
      if (name == base::json_string(container, "name"))
        return refused(fmt::format("Container '{}' cannot depend on itself.", name));
      const auto condition = base::json_string(wait, "condition");
      if ((condition == "SUCCESS" || condition == "COMPLETE") && base::json_bool(*found, "essential", true))
        return refused(
            "A dependency container with SUCCESS or COMPLETE condition cannot be an essential container");
    }
  }
  return {};
}

base::Result<void> check_containers(const base::Json& definition) {
  const base::Json& containers = base::json_member(definition, "containerDefinitions");
  if (!containers.is_array() || containers.empty()) return refused("Container list cannot be empty.");
  std::set<std::string> names;
  for (const base::Json& container : containers) {
    TRY(check_container(definition, container));
    if (!names.insert(base::json_string(container, "name")).second)
      return refused("Container definitions must have unique names.");
  }
  const bool one_essential =
      std::any_of(containers.begin(), containers.end(),
                  [](const base::Json& container) { return base::json_bool(container, "essential", true); });
  if (!one_essential) return refused("At least one container must be marked as essential.");
  return check_dependencies(containers);
}

}  // namespace

base::Result<void> check_definition(const base::Json& definition) {
  const std::string family = base::json_string(definition, "family");
  if (family.empty() || !consists_of(family, "-_"))
    return refused("Family contains invalid characters, or is empty or longer than 255 characters.");
  if (const auto size = base::to_text(definition).size(); size > kLargestDefinition)
    return refused(
        fmt::format("Actual length: '{}'. Max allowed length is '{}' bytes.", size, kLargestDefinition));
  const std::string network = base::json_string(definition, "networkMode", "bridge");
  if (network != "bridge" && network != "host" && network != "awsvpc" && network != "none")
    return refused(fmt::format("Invalid network mode '{}'.", network));
  TRY(check_size(definition));
  TRY(check_containers(definition));
  if (auto named = check_volume_names(definition); !named) return refused(named.error().message);
  if (asks_for_fargate(definition) && network != "awsvpc")
    return refused("Fargate only supports network mode 'awsvpc'.");
  for (const char* key : {"executionRoleArn", "taskRoleArn"}) {
    const std::string role = base::json_string(definition, key);
    if (role.starts_with("arn:") && !is_role(role)) return refused("Role is not valid");
  }
  return {};
}

}  // namespace emulator
