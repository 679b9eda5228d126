#include "emulator/task_metadata.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "base/strings.h"
#include "emulator/ecs_json.h"
#include "emulator/task_plan.h"

namespace emulator {
namespace {

constexpr double kCpuUnits = 1024;  // of one core

void set_iso_time(base::Json& object, const char* key, double time) {
  if (time > 0) object[key] = base::format_iso8601(base::from_epoch_seconds(time));
}

/// Of a definition or of one of its containers: only what it sets.
base::Json limits_of(const base::Json& declared, double cpu_unit) {
  base::Json limits = base::Json::object();
  const auto number = [&](const char* key) {
    const auto& value = base::json_member(declared, key);
    if (value.is_number()) return value.get<double>();
    return value.is_string() ? static_cast<double>(base::parse_integer(value.get<std::string>()).value_or(0))
                             : 0;
  };
  if (const double cpu = number("cpu"); cpu > 0) limits["CPU"] = cpu / cpu_unit;
  if (const double memory = number("memory"); memory > 0) limits["Memory"] = memory;
  return limits;
}

base::Json container_metadata(const TaskRecord& task, const ContainerRecord& container,
                              const base::Json& definition) {
  const base::Json& declared = named(base::json_member(definition, "containerDefinitions"), container.name);
  const std::string docker_id =
      fmt::format("{}-{:010}", task.id, 1'000'000'000 + (&container - task.containers.data()));
  base::Json json = {
      {"DockerId", docker_id},
      {"Name", container.name},
      {"DockerName", container.name},
      {"Image", container.image},
      {"Labels",
       {{"com.amazonaws.ecs.cluster", task.cluster_arn},
        {"com.amazonaws.ecs.container-name", container.name},
        {"com.amazonaws.ecs.task-arn", task.arn},
        {"com.amazonaws.ecs.task-definition-family", base::json_string(definition, "family")},
        {"com.amazonaws.ecs.task-definition-version",
         std::to_string(base::json_integer(definition, "revision"))}}},
      {"DesiredStatus", task.desired_status},
      {"KnownStatus", container.last_status},
      {"Limits", limits_of(declared, 1)},
      {"Type", "NORMAL"},
      {"ContainerARN", base::replace_all(task.arn, ":task/", ":container/") + "/" + container.name},
      {"Networks", {{{"NetworkMode", "awsvpc"}, {"IPv4Addresses", {task.address}}}}}};
  set_text(json, "ImageID", container.image_digest);
  set_iso_time(json, "CreatedAt", task.pull_stopped_at);
  set_iso_time(json, "StartedAt", task.started_at);
  const base::Json& log = base::json_member(declared, "logConfiguration");
  if (log.is_object()) {
    json["LogDriver"] = base::json_string(log, "logDriver");
    json["LogOptions"] = base::json_member(log, "options");
  }
  if (container.health != "UNKNOWN") json["Health"] = {{"status", container.health}};
  if (container.exit_code) json["ExitCode"] = *container.exit_code;
  return json;
}

}  // namespace

std::optional<base::Json> task_metadata(EcsState& state, const std::string& task_id,
                                        const std::string& container) {
  const TaskRecord* task = state.find_task(task_id);
  if (task == nullptr) return std::nullopt;
  const base::Json* found = state.find_task_definition(task->task_definition_arn);
  const base::Json definition = found == nullptr ? base::Json::object() : *found;
  base::Json containers = base::Json::array();
  for (const ContainerRecord& record : task->containers) {
    base::Json one = container_metadata(*task, record, definition);
    if (record.name == container) return one;
    containers.push_back(std::move(one));
  }
  if (!container.empty()) return std::nullopt;
  base::Json json = {{"Cluster", task->cluster_arn},
                     {"TaskARN", task->arn},
                     {"Family", base::json_string(definition, "family")},
                     {"Revision", std::to_string(base::json_integer(definition, "revision"))},
                     {"DesiredStatus", task->desired_status},
                     {"KnownStatus", task->last_status},
                     {"Limits", limits_of(definition, kCpuUnits)},
                     {"AvailabilityZone", state.region + "a"},
                     {"LaunchType", task->launch_type},
                     {"TaskTags", base::Json::object()},
                     {"Containers", std::move(containers)}};
  for (const base::Json& tag : task->tags) json["TaskTags"][base::json_string(tag, "key")] = tag["value"];
  if (task->group.starts_with("service:"))
    json["ServiceName"] = task->group.substr(task->group.find(':') + 1);
  set_iso_time(json, "PullStartedAt", task->pull_started_at);
  set_iso_time(json, "PullStoppedAt", task->pull_stopped_at);
  return json;
}

std::optional<std::string> role_of_task(EcsState& state, const std::string& task_id) {
  const TaskRecord* task = state.find_task(task_id);
  if (task == nullptr || task->last_status == "STOPPED") return std::nullopt;
  const base::Json* definition = state.find_task_definition(task->task_definition_arn);
  const auto role = base::json_string(
      task->overrides, "taskRoleArn",
      definition == nullptr ? std::string() : base::json_string(*definition, "taskRoleArn"));
  return role.empty() ? std::nullopt : std::optional(role);
}

}  // namespace emulator
