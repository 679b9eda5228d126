#include "ecs/definition_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <set>

#include "base/json.h"
#include "base/strings.h"

namespace ecs {
namespace {

using base::Json;
using base::json_member;
using base::json_string;

using Faults = DefinitionFaults;

constexpr std::size_t kLongestName = 255;
constexpr int kHighestPort = 65535;
constexpr std::size_t kMostBytes = 64U << 10;  // ECS's quota "Task definition size"

/// AWS's guide "Fargate task size": CPU units, MiB from and to, and in which steps.
struct FargateSize {
  std::int64_t cpu, least, most, step;
};
constexpr FargateSize kFargateSizes[] = {{256, 512, 2048, 512},       {512, 1024, 4096, 1024},
                                         {1024, 2048, 8192, 1024},    {2048, 4096, 16384, 1024},
                                         {4096, 8192, 30720, 1024},   {8192, 16384, 61440, 4096},
                                         {16384, 32768, 122880, 8192}};

/// `1024`, or `1 vCPU` and `.5 GB` in thousandths of what they are made of; nothing when it is neither.
std::optional<std::int64_t> units(std::string text, const std::string& unit) {
  text = base::to_lower(base::trim(text));
  double scale = 1;
  if (text.ends_with(unit)) {
    scale = 1024;
    text = base::trim(text.substr(0, text.size() - unit.size()));
  }
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != 0 || !std::isfinite(value) || value <= 0 || value > 1e9) return std::nullopt;
  return static_cast<std::int64_t>(value * scale);
}

bool fits(const FargateSize& size, std::int64_t memory) {
  // The smallest has 512, 1024 and 2048, not 1536.
  if (size.cpu == 256 && memory == 1536) return false;
  return memory >= size.least && memory <= size.most && (memory - size.least) % size.step == 0;
}

bool wants_fargate(const Json& definition) {
  const Json& wanted = json_member(definition, "requiresCompatibilities");
  return std::any_of(wanted.begin(), wanted.end(),
                     [](const Json& one) { return one.is_string() && one.get<std::string>() == "FARGATE"; });
}

void check_fargate(const Json& definition, Faults& faults) {
  if (!wants_fargate(definition)) return;
  if (json_string(definition, "networkMode") != "awsvpc")
    faults.wrong.push_back({"networkMode", "Fargate has awsvpc alone: set it"});
  for (const char* key : {"cpu", "memory"}) {
    if (json_member(definition, key).is_null())
      faults.wrong.push_back({key, "is missing: Fargate needs it for the task as a whole"});
  }
  const auto cpu_text = json_string(definition, "cpu");
  const auto memory_text = json_string(definition, "memory");
  if (cpu_text.empty() || memory_text.empty()) return;
  const auto cpu = units(cpu_text, "vcpu");
  const auto memory = units(memory_text, "gb");
  const auto* size = std::find_if(std::begin(kFargateSizes), std::end(kFargateSizes),
                                  [&](const FargateSize& each) { return each.cpu == cpu; });
  if (size == std::end(kFargateSizes)) {
    faults.wrong.push_back(
        {"cpu", fmt::format("Fargate has 256, 512, 1024, 2048, 4096, 8192 and 16384, found '{}'", cpu_text)});
  } else if (!memory || !fits(*size, *memory)) {
    faults.wrong.push_back(
        {"memory", fmt::format("with cpu {} Fargate has {} to {} MiB in steps of {}, found '{}'", size->cpu,
                               size->least, size->most, size->step, memory_text)});
  }
}

void check_name(const std::string& name, const std::string& path, Faults& faults) {
  const bool holds =
      name.size() <= kLongestName && std::all_of(name.begin(), name.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '-' || c == '_';
      });
  if (!holds)
    faults.wrong.push_back({path, fmt::format("expected up to {} letters, digits, - and _, found '{}'",
                                              kLongestName, base::clipped(name, 80))});
}

/// Of a reference, what ECS takes at all: what was left over of a template is none.
void check_image(const Json& container, const std::string& path, Faults& faults) {
  const auto image = json_string(container, "image");
  const bool holds =
      image.size() <= kLongestName && std::all_of(image.begin(), image.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 ||
               std::string_view("-_:./@#").find(static_cast<char>(c)) != std::string_view::npos;
      });
  if (!holds)
    faults.wrong.push_back(
        {path + ".image", fmt::format("expected up to {} letters, digits and - _ : . / @ #, found '{}'",
                                      kLongestName, base::clipped(image, 80))});
}

void check_ports(const Json& definition, const Json& container, const std::string& path, Faults& faults) {
  const bool own_address = json_string(definition, "networkMode") == "awsvpc";
  const Json& mappings = json_member(container, "portMappings");
  for (std::size_t i = 0; mappings.is_array() && i < mappings.size(); ++i) {
    const auto at = element_path(path + ".portMappings", mappings[i], i);
    const Json& port = json_member(mappings[i], "containerPort");
    const Json& on_host = json_member(mappings[i], "hostPort");
    if (port.is_number_integer() && (port < 1 || port > kHighestPort))
      faults.wrong.push_back(
          {at + ".containerPort", fmt::format("expected 1 to {}, found {}", kHighestPort, port.dump())});
    if (own_address && port.is_number_integer() && on_host.is_number_integer() && on_host != port)
      faults.wrong.push_back(
          {at + ".hostPort", fmt::format("with networkMode awsvpc it is containerPort, {}, or absent; "
                                         "found {}",
                                         port.dump(), on_host.dump())});
  }
}

void check_limits(const Json& definition, const Json& container, const std::string& path, Faults& faults) {
  struct Limit {
    const char* object;
    const char* key;
    int least, most;
  };
  constexpr Limit kLimits[] = {{"", "stopTimeout", 0, 120},
                               {"healthCheck", "interval", 5, 300},
                               {"healthCheck", "timeout", 2, 120},
                               {"healthCheck", "retries", 1, 10},
                               {"healthCheck", "startPeriod", 0, 300}};
  for (const auto& limit : kLimits) {
    const bool is_own = *limit.object == 0;
    if (is_own && !wants_fargate(definition)) continue;
    const Json& value = json_member(is_own ? container : json_member(container, limit.object), limit.key);
    if (!value.is_number_integer() || (value >= limit.least && value <= limit.most)) continue;
    // Emulators take less, so that a rehearsal need not wait.
    auto& list = value < limit.least ? faults.strange : faults.wrong;
    list.push_back({fmt::format("{}.{}{}{}", path, limit.object, is_own ? "" : ".", limit.key),
                    fmt::format("AWS takes {} to {}, found {}", limit.least, limit.most, value.dump())});
  }
}

/// Names that something of the container has to have elsewhere.
void check_references(const Json& container, const std::string& path, const std::set<std::string>& containers,
                      const std::set<std::string>& volumes, Faults& faults) {
  const auto expect_known = [&](const char* list, const char* key, const std::set<std::string>& known) {
    const Json& entries = json_member(container, list);
    for (std::size_t i = 0; entries.is_array() && i < entries.size(); ++i) {
      const auto name = json_string(entries[i], key);
      const auto at = fmt::format("{}.{}[{}].{}", path, list, i, key);
      if (!name.empty() && !known.contains(name))
        faults.wrong.push_back({at, fmt::format("there is no '{}' in this task definition", name)});
      if (name == json_string(container, "name") && &known == &containers)
        faults.wrong.push_back({at, "a container cannot wait for itself, nor take volumes of itself"});
    }
  };
  expect_known("dependsOn", "containerName", containers);
  expect_known("volumesFrom", "sourceContainer", containers);
  expect_known("mountPoints", "sourceVolume", volumes);
  std::set<std::string> variables;
  for (const Json& variable : json_member(container, "environment"))
    variables.insert(json_string(variable, "name"));
  for (const Json& secret : json_member(container, "secrets")) {
    const auto name = json_string(secret, "name");
    if (!name.empty() && variables.contains(name))
      faults.wrong.push_back(
          {fmt::format("{}.secrets[{}]", path, name), "an environment variable has that name, too"});
  }
}

/// A container that others wait for to end must not end the task.
void check_waits(const Json& containers, const Json& container, const std::string& path, Faults& faults) {
  for (const Json& wait : json_member(container, "dependsOn")) {
    const auto condition = json_string(wait, "condition");
    if (condition != "SUCCESS" && condition != "COMPLETE") continue;
    const auto name = json_string(wait, "containerName");
    if (name == json_string(container, "name")) continue;  // check_references tells of it
    for (const Json& other : containers) {
      if (json_string(other, "name") == name && base::json_bool(other, "essential", true))
        faults.wrong.push_back(
            {path + ".dependsOn", fmt::format("waits for the end of '{}', which is essential: its end would "
                                              "end the task; give it \"essential\": false",
                                              name)});
    }
  }
}

/// What ECS does itself before a container runs, and as whom.
void check_sources(const Json& definition, const Json& container, const std::string& path, Faults& faults) {
  const bool has_role = !json_string(definition, "executionRoleArn").empty();
  const auto expect_role = [&](bool applies, const char* what) {
    if (applies && !has_role)
      faults.wrong.push_back({"executionRoleArn", fmt::format("is missing: {} needs it for {}", path, what)});
  };
  const Json& log = json_member(container, "logConfiguration");
  const bool logs_to_aws = json_string(log, "logDriver") == "awslogs";
  for (const char* option : {"awslogs-region", "awslogs-group"}) {
    if (logs_to_aws && json_string(json_member(log, "options"), option).empty())
      faults.wrong.push_back({path + ".logConfiguration", fmt::format("the option {} is missing", option)});
  }
  const bool fargate = wants_fargate(definition);
  expect_role(fargate && logs_to_aws, "awslogs");
  expect_role(fargate && json_string(container, "image").find(".dkr.ecr.") != std::string::npos,
              "an image of ECR");
  expect_role(!json_member(container, "secrets").empty(), "secrets");
}

std::set<std::string> names_in(const Json& list) {
  std::set<std::string> names;
  for (const Json& entry : list) names.insert(json_string(entry, "name"));
  return names;
}

/// What containers reserve has to fit into the task.
void check_room(const Json& definition, Faults& faults) {
  const auto room_for = [&](const char* key, const char* unit, std::initializer_list<const char*> members) {
    const auto room = units(json_string(definition, key), unit);
    std::int64_t reserved = 0;
    for (const Json& container : json_member(definition, "containerDefinitions")) {
      for (const char* member : members) {
        if (!json_member(container, member).is_number_integer()) continue;
        reserved += std::clamp<std::int64_t>(base::json_integer(container, member), 0, 1 << 30);
        break;
      }
    }
    if (room && reserved > *room)
      faults.wrong.push_back(
          {key, fmt::format("its containers reserve {}, more than the task's {}", reserved, *room)});
  };
  room_for("cpu", "vcpu", {"cpu"});
  room_for("memory", "gb", {"memoryReservation", "memory"});
}

void check_containers(const Json& definition, Faults& faults) {
  const Json& containers = json_member(definition, "containerDefinitions");
  if (!containers.is_array()) return;
  const auto names = names_in(containers);
  const auto volumes = names_in(json_member(definition, "volumes"));
  std::set<std::string> seen;
  bool any_essential = containers.empty();
  for (std::size_t i = 0; i < containers.size(); ++i) {
    const Json& container = containers[i];
    const auto path = element_path("containerDefinitions", container, i);
    const auto name = json_string(container, "name");
    if (!name.empty() && !seen.insert(name).second)
      faults.wrong.push_back({path, "another container has that name: each needs its own"});
    any_essential |= base::json_bool(container, "essential", true);
    const bool has_memory = !json_member(container, "memory").is_null() ||
                            !json_member(container, "memoryReservation").is_null() ||
                            !json_member(definition, "memory").is_null();
    if (!has_memory)
      faults.wrong.push_back({path, "memory or memoryReservation is missing, here or for the task"});
    check_name(name, path + ".name", faults);
    check_image(container, path, faults);
    check_ports(definition, container, path, faults);
    check_limits(definition, container, path, faults);
    check_references(container, path, names, volumes, faults);
    check_waits(containers, container, path, faults);
    check_sources(definition, container, path, faults);
  }
  if (!any_essential)
    faults.wrong.push_back({"containerDefinitions", "no container is essential: one has to be"});
}

}  // namespace

DefinitionFaults check_rules(const Json& definition) {
  Faults faults;
  check_name(json_string(definition, "family"), "family", faults);
  check_fargate(definition, faults);
  check_containers(definition, faults);
  check_room(definition, faults);
  if (const auto size = base::to_text(definition).size(); size > kMostBytes)
    faults.wrong.push_back(
        {"size",
         fmt::format("ECS takes {} bytes, found {}: long values belong in environmentFiles or parameters",
                     kMostBytes, size)});
  return faults;
}

}  // namespace ecs
