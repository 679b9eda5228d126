// RunTask and its companions. Tasks are only asked for here; the scheduler has them started and stopped.
#include <fmt/format.h>

#include <algorithm>

#include "emulator/ecs_json.h"
#include "emulator/ecs_service.h"

namespace emulator {

base::Result<base::Json> EcsService::run_task(const base::Json& request) {
  TRY(Cluster* const cluster, cluster_of(request));
  const auto count = base::json_integer(request, "count", 1);
  if (count < 1 || count > 10)
    return ecs_error("InvalidParameterException", "The count of tasks must be between 1 and 10.");
  const base::Json* definition = state_.find_task_definition(base::json_string(request, "taskDefinition"));
  if (definition == nullptr) return ecs_error("ClientException", "TaskDefinition not found.");
  if (base::json_string(*definition, "status") != "ACTIVE")
    return ecs_error("ClientException", "TaskDefinition is inactive");
  const std::string token = base::json_string(request, "clientToken");
  std::vector<std::string> ids;
  std::int64_t not_placed = 0;
  if (const auto known = state_.client_tokens.find(token);
      !token.empty() && known != state_.client_tokens.end()) {
    ids = known->second;  // the same request again: the same tasks
  } else {
    const base::Json& overrides = base::json_member(request, "overrides");
    const auto room = static_cast<std::int64_t>(state_.room_for_tasks());
    not_placed = std::max<std::int64_t>(0, count - room);
    for (std::int64_t i = 0; i < count - not_placed; ++i) {
      TaskRecord& task = state_.add_task(*cluster, *definition, now());
      task.started_by = base::json_string(request, "startedBy");
      task.launch_type = base::json_string(request, "launchType", "FARGATE");
      task.group = base::json_string(request, "group", task.group);
      task.enable_execute_command = base::json_bool(request, "enableExecuteCommand");
      if (overrides.is_object()) task.overrides = overrides;
      if (base::json_member(request, "tags").is_array()) task.tags = request["tags"];
      ids.push_back(task.id);
    }
    if (state_.client_tokens.size() > 10'000) state_.client_tokens.clear();
    if (!token.empty()) state_.client_tokens[token] = ids;
  }
  base::Json answer = {{"tasks", base::Json::array()}, {"failures", base::Json::array()}};
  for (const std::string& id : ids) {
    if (const TaskRecord* task = state_.find_task(id))
      answer["tasks"].push_back(task_json(state_, *task, WithTags::yes));
  }
  for (std::int64_t i = 0; i < not_placed; ++i)
    answer["failures"].push_back(
        {{"reason", "Capacity is unavailable at this time. Please try again later"}});
  return answer;
}

base::Result<base::Json> EcsService::stop_task(const base::Json& request) {
  TRY(Cluster* const cluster, cluster_of(request));
  TaskRecord* task = state_.find_task(base::json_string(request, "task"));
  if (task == nullptr || task->cluster_arn != cluster->arn) {
    return ecs_error("InvalidParameterException", "The referenced task was not found.");
  }
  if (task->last_status != "STOPPED" && task->desired_status != "STOPPED") {
    task->desired_status = "STOPPED";
    task->stop_code = "UserInitiated";
    task->stopped_reason = base::json_string(request, "reason", "Task stopped by user");
    task->stopping_at = now();
  }
  return base::Json{{"task", task_json(state_, *task, WithTags::no)}};
}

base::Result<base::Json> EcsService::describe_tasks(const base::Json& request) {
  TRY(Cluster* const cluster, cluster_of(request));
  const auto names = string_list(request, "tasks");
  if (names.empty()) return ecs_error("InvalidParameterException", "Tasks cannot be empty.");
  if (names.size() > 100)
    return ecs_error("InvalidParameterException", "Tasks cannot have more than 100 elements.");
  base::Json answer = {{"tasks", base::Json::array()}, {"failures", base::Json::array()}};
  for (const std::string& name : names) {
    const TaskRecord* task = state_.find_task(name);
    if (task != nullptr && task->cluster_arn == cluster->arn) {
      answer["tasks"].push_back(task_json(state_, *task, wants_tags(request)));
    } else {
      answer["failures"].push_back(missing(
          name.starts_with("arn:") ? name : state_.arn(fmt::format("task/{}/{}", cluster->name, name))));
    }
  }
  return answer;
}

base::Result<base::Json> EcsService::list_tasks(const base::Json& request) {
  TRY(Cluster* const cluster, cluster_of(request));
  const std::string service = last_part(base::json_string(request, "serviceName"));
  const std::string family = base::json_string(request, "family");
  const std::string started_by = base::json_string(request, "startedBy");
  const std::string desired = base::json_string(request, "desiredStatus", "RUNNING");
  if (!service.empty() && state_.find_service(cluster->arn, service) == nullptr) {
    return ecs_error("ServiceNotFoundException", "Service not found.");
  }
  std::vector<std::string> arns;
  for (const TaskRecord& task : state_.tasks) {
    const std::string definition = last_part(task.task_definition_arn);
    const bool fits = task.cluster_arn == cluster->arn && task.desired_status == desired &&
                      (service.empty() || task.group == "service:" + service) &&
                      (family.empty() || definition.substr(0, definition.rfind(':')) == family) &&
                      (started_by.empty() || task.started_by == started_by);
    if (fits) arns.push_back(task.arn);
  }
  return page_of(request, "taskArns", arns, 100);
}

}  // namespace emulator
