#include "emulator/task_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/strings.h"
#include "ecr/container_start.h"

namespace emulator {
namespace {

std::vector<std::string> strings_of(const base::Json& list) {
  std::vector<std::string> strings;
  if (!list.is_array()) return strings;
  for (const base::Json& entry : list) {
    if (entry.is_string()) strings.push_back(entry.get<std::string>());
  }
  return strings;
}

/// Between 50 ms and an hour, whatever the definition says: 0 would be a busy loop.
std::chrono::milliseconds seconds_member(const base::Json& object, std::string_view key, double fallback) {
  const double seconds = base::json_number(object, key, fallback);
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::clamp(seconds, 0.05, 3600.0) * 1000));
}

void set_environment(sandbox::EnvVars& environment, const base::Json& list) {
  if (!list.is_array()) return;
  for (const base::Json& entry : list)
    environment[base::json_string(entry, "name")] = base::json_string(entry, "value");
}

std::optional<ContainerCheck> check_of(const base::Json& definition) {
  const base::Json& health = base::json_member(definition, "healthCheck");
  std::vector<std::string> words = strings_of(base::json_member(health, "command"));
  if (words.empty() || words[0] == "NONE") return std::nullopt;
  ContainerCheck check;
  check.times.interval = seconds_member(health, "interval", 30);
  check.times.timeout = seconds_member(health, "timeout", 5);
  check.times.start_period = seconds_member(health, "startPeriod", 0);
  check.times.retries = static_cast<int>(base::json_integer(health, "retries", 3));
  if (words[0] == "CMD-SHELL") {
    check.argv = {"/bin/sh", "-c", words.size() > 1 ? words[1] : ""};
  } else {
    if (words[0] == "CMD") words.erase(words.begin());
    check.argv = std::move(words);
  }
  if (check.argv.empty()) return std::nullopt;
  return check;
}

std::optional<ContainerLog> log_of(const base::Json& definition, const std::string& task_id) {
  const base::Json& configuration = base::json_member(definition, "logConfiguration");
  if (base::json_string(configuration, "logDriver") != "awslogs") return std::nullopt;
  const base::Json& options = base::json_member(configuration, "options");
  const std::string prefix = base::json_string(options, "awslogs-stream-prefix");
  ContainerLog log;
  log.group = base::json_string(options, "awslogs-group");
  log.stream = prefix.empty()
                   ? task_id
                   : fmt::format("{}/{}/{}", prefix, base::json_string(definition, "name"), task_id);
  log.create_group = base::json_string(options, "awslogs-create-group") == "true";
  return log;
}

/// `cpu` and `memory` of a task are numbers or strings: 512, "512", "0.5 vCPU", "1 GB".
double number_of(const base::Json& value, double of_gigabyte_or_core) {
  if (value.is_number()) return value.get<double>();
  if (!value.is_string()) return 0;
  const std::string text = base::to_lower(value.get<std::string>());
  const double number = std::strtod(text.c_str(), nullptr);
  const bool big = text.find("gb") != std::string::npos || text.find("vcpu") != std::string::npos;
  return big ? number * of_gigabyte_or_core : number;
}

constexpr double kMostMebibytes = 16 << 20;

std::uint64_t bytes_of(double mebibytes) {
  return static_cast<std::uint64_t>(std::clamp(mebibytes, 0.0, kMostMebibytes)) << 20;
}

/// `memory` is a limit, `memoryReservation` what it keeps when others want more; an override goes first.
sandbox::MemoryShare memory_of(const base::Json& definition, const base::Json& overrides) {
  const auto mebibytes = [&](const char* key) {
    return base::json_number(overrides, key, base::json_number(definition, key));
  };
  return {.limit_bytes = bytes_of(mebibytes("memory")),
          .reserved_bytes = bytes_of(mebibytes("memoryReservation"))};
}

/// Without a limit of the task its containers' are all that it may have, if each of them has one.
std::uint64_t memory_of_all(const std::vector<ContainerPlan>& containers) {
  std::uint64_t sum = 0;
  for (const ContainerPlan& container : containers) {
    if (container.memory.limit_bytes == 0) return 0;
    sum += container.memory.limit_bytes;
  }
  return sum;
}

base::Error unsupported(const std::string& what) {
  return base::make_error(base::ErrorKind::invalid_input, "UnsupportedFeature: " + what);
}

/// Conditions that there are, on containers that there are, and no container that waits for itself.
base::Result<void> check_dependencies(const std::vector<ContainerPlan>& containers) {
  constexpr std::array<std::string_view, 4> kConditions{"START", "COMPLETE", "SUCCESS", "HEALTHY"};
  std::set<std::string> startable;
  for (std::size_t round = 0; round < containers.size(); ++round) {
    for (const ContainerPlan& container : containers) {
      const bool free = std::all_of(
          container.depends_on.begin(), container.depends_on.end(),
          [&](const ContainerDependency& dependency) { return startable.contains(dependency.container); });
      if (free) startable.insert(container.name);
    }
  }
  for (const ContainerPlan& container : containers) {
    for (const auto& [name, condition] : container.depends_on) {
      if (std::find(kConditions.begin(), kConditions.end(), condition) == kConditions.end())
        return unsupported(fmt::format("container {} depends on {} with condition '{}'; there are {}",
                                       container.name, name, condition, fmt::join(kConditions, ", ")));
    }
    if (!startable.contains(container.name))
      return unsupported(fmt::format(
          "container {} can never start: what it depends on is not there, or waits for it", container.name));
  }
  return {};
}

}  // namespace

const base::Json& named(const base::Json& list, std::string_view name) {
  static const base::Json kNone;
  if (!list.is_array()) return kNone;
  for (const base::Json& entry : list) {
    if (base::json_string(entry, "name") == name) return entry;
  }
  return kNone;
}

base::Result<TaskPlan> plan_task(const TaskOrder& order, const std::string& region, bool enforce_cpu) {
  TaskPlan plan;
  TRY(plan.volumes, plan_volumes(order.task_definition));
  const base::Json& containers = base::json_member(order.task_definition, "containerDefinitions");
  const double memory = number_of(base::json_member(order.task_definition, "memory"), 1024);
  double container_cpu = 0;
  for (const base::Json& definition : containers) {
    ContainerPlan container;
    container.name = base::json_string(definition, "name");
    container.image = base::json_string(definition, "image");
    container.essential = base::json_bool(definition, "essential", true);
    container.check = check_of(definition);
    container.log = log_of(definition, order.task_id);
    container.start_timeout = seconds_member(definition, "startTimeout", 180);
    container.stop_timeout = seconds_member(definition, "stopTimeout", 30);
    TRY(container.volumes, places_of(definition, containers));
    for (const base::Json& secret : base::json_member(definition, "secrets")) {
      container.secrets.push_back(
          {base::json_string(secret, "name"), base::json_string(secret, "valueFrom")});
    }
    for (const base::Json& dependency : base::json_member(definition, "dependsOn")) {
      container.depends_on.push_back(
          {base::json_string(dependency, "containerName"), base::json_string(dependency, "condition")});
    }
    for (const base::Json& limit : base::json_member(definition, "ulimits")) {
      if (base::json_string(limit, "name") != "nofile") continue;
      container.open_files =
          static_cast<std::uint64_t>(std::max<std::int64_t>(0, base::json_integer(limit, "softLimit")));
    }
    for (const base::Json& mapping : base::json_member(definition, "portMappings"))
      plan.ports.insert(static_cast<std::uint16_t>(base::json_integer(mapping, "containerPort")));
    container.memory = memory_of(
        definition, named(base::json_member(order.overrides, "containerOverrides"), container.name));
    container_cpu += base::json_number(definition, "cpu");
    sandbox::EnvVars& environment = container.command.environment;
    environment["AWS_REGION"] = environment["AWS_DEFAULT_REGION"] = region;
    environment["AWS_EXECUTION_ENV"] = "AWS_ECS_FARGATE";
    plan.containers.push_back(std::move(container));
  }
  if (plan.containers.empty()) return unsupported("the task definition has no container");
  TRY(check_dependencies(plan.containers));
  plan.limits.memory_bytes = memory > 0 ? bytes_of(memory) : memory_of_all(plan.containers);
  plan.limits.processes = 4096;
  plan.cpu_units = number_of(base::json_member(order.task_definition, "cpu"), 1024);
  if (plan.cpu_units <= 0) plan.cpu_units = container_cpu;
  if (enforce_cpu && plan.cpu_units > 0)
    plan.limits.cpu_millis = static_cast<std::uint32_t>(std::min(plan.cpu_units, 1e6) * 1000 / 1024);
  return plan;
}

void apply_image(ContainerPlan& plan, const ecr::ImageConfig& config, const base::Json& definition,
                 const base::Json& overrides) {
  const base::Json& changed = named(base::json_member(overrides, "containerOverrides"), plan.name);
  ecr::ContainerOverrides own;
  own.environment = plan.command.environment;
  set_environment(own.environment, base::json_member(definition, "environment"));
  set_environment(own.environment, base::json_member(changed, "environment"));
  if (const base::Json& list = base::json_member(definition, "entryPoint"); list.is_array())
    own.entrypoint = strings_of(list);
  for (const base::Json* from : {&definition, &changed}) {
    if (const base::Json& list = base::json_member(*from, "command"); list.is_array() && !list.empty())
      own.command = strings_of(list);
  }
  own.working_dir = base::json_string(definition, "workingDirectory", config.working_dir);
  own.user = base::json_string(definition, "user", config.user);

  const auto start = ecr::container_start(config, own);
  plan.command.argv = start.argv;
  plan.command.environment = start.environment;
  plan.command.directory = start.directory;
  plan.user = start.user;
  plan.stop_signal = start.stop_signal;
}

}  // namespace emulator
