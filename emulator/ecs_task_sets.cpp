// Task sets: what external deployment controllers, and CodeDeploy, make, scale and choose the primary of.
#include <fmt/format.h>

#include <algorithm>

#include "emulator/ecs_json.h"
#include "emulator/ecs_service.h"

namespace emulator {
namespace {

constexpr std::size_t kMostTaskSets = 5;

base::Error bad_parameter(std::string message) {
  return ecs_error("InvalidParameterException", std::move(message));
}

/// Percent of the desired count that a request's scale names.
base::Result<double> scale_of(const base::Json& request, double usual) {
  const base::Json& scale = base::json_member(request, "scale");
  const double value = base::json_number(scale, "value", usual);
  if (base::json_string(scale, "unit", "PERCENT") != "PERCENT")
    return bad_parameter("The scale's unit must be PERCENT.");
  if (!(value >= 0 && value <= 100)) return bad_parameter("The scale's value must be between 0 and 100.");
  return value;
}

}  // namespace

base::Json task_set_json(const EcsState& state, const Service& service, const TaskSet& task_set,
                         WithTags tags) {
  const Deployment& set = task_set.set;
  const TaskCounts counts = count_tasks(state, set);
  base::Json json = {
      {"id", set.id},
      {"taskSetArn", task_set.arn},
      {"serviceArn", service.arn},
      {"clusterArn", service.cluster_arn},
      {"status", set.status},
      {"taskDefinition", set.task_definition_arn},
      {"computedDesiredCount",
       set.status == "DRAINING" || set.is_placeholder ? 0 : task_set.computed_count(service.desired_count)},
      {"pendingCount", counts.pending},
      {"runningCount", counts.running},
      {"createdAt", set.created_at},
      {"updatedAt", set.updated_at},
      {"launchType", base::json_string(task_set.definition, "launchType", "FARGATE")},
      {"platformVersion", "1.4.0"},
      {"platformFamily", "Linux"},
      {"loadBalancers", set.load_balancers},
      {"serviceRegistries", base::Json::array()},
      {"scale", {{"value", task_set.scale_percent}, {"unit", "PERCENT"}}},
      {"stabilityStatus", task_set.is_steady ? "STEADY_STATE" : "STABILIZING"},
      {"stabilityStatusAt", task_set.stability_at},
      {"tags", tags == WithTags::yes ? task_set.tags : base::Json::array()}};
  for (const char* key : {"networkConfiguration", "capacityProviderStrategy", "serviceRegistries"}) {
    if (!base::json_member(task_set.definition, key).is_null()) json[key] = task_set.definition[key];
  }
  set_text(json, "externalId", task_set.external_id);
  set_text(json, "startedBy", task_set.started_by);
  return json;
}

base::Result<Service*> EcsService::service_with_task_sets(const base::Json& request) {
  TRY(Service* const service, active_service(request));
  if (!service->has_task_sets()) {
    return bad_parameter(
        "Amazon ECS only supports task sets for services with an EXTERNAL or CODE_DEPLOY deployment "
        "controller.");
  }
  return service;
}

base::Result<TaskSet*> EcsService::task_set_of(Service& service, const std::string& id) {
  TaskSet* task_set = service.task_set(id);
  if (task_set == nullptr)
    return ecs_error("TaskSetNotFoundException", "The specified task set does not exist.");
  return task_set;
}

base::Result<base::Json> EcsService::create_task_set(const base::Json& request) {
  TRY(Service* const service, service_with_task_sets(request));
  if (service->task_sets.size() >= kMostTaskSets)
    return ecs_error("LimitExceededException",
                     fmt::format("A service has at most {} task sets.", kMostTaskSets));
  TRY(const double scale, scale_of(request, 0));
  TRY(check_load_balancers(request));
  const base::Json* definition = state_.find_task_definition(base::json_string(request, "taskDefinition"));
  if (definition == nullptr) return ecs_error("ClientException", "TaskDefinition not found.");
  if (base::json_string(*definition, "status") != "ACTIVE")
    return ecs_error("ClientException", "TaskDefinition is inactive");
  TRY(check_containers(request, *definition));
  TaskSet& made = state_.add_task_set(*service, base::json_string(*definition, "taskDefinitionArn"), now());
  made.external_id = base::json_string(request, "externalId");
  made.started_by = base::json_string(request, "startedBy");
  made.scale_percent = scale;
  made.definition = request;
  if (base::json_member(request, "loadBalancers").is_array())
    made.set.load_balancers = request["loadBalancers"];
  if (base::json_member(request, "tags").is_array()) made.tags = request["tags"];
  return base::Json{{"taskSet", task_set_json(state_, *service, made, WithTags::yes)}};
}

base::Result<base::Json> EcsService::update_task_set(const base::Json& request) {
  TRY(Service* const service, service_with_task_sets(request));
  TRY(TaskSet* const task_set, task_set_of(*service, base::json_string(request, "taskSet")));
  if (!base::json_member(request, "scale").is_object()) return bad_parameter("A scale is needed.");
  TRY(task_set->scale_percent, scale_of(request, task_set->scale_percent));
  task_set->set.updated_at = now();
  return base::Json{{"taskSet", task_set_json(state_, *service, *task_set, WithTags::no)}};
}

base::Result<base::Json> EcsService::delete_task_set(const base::Json& request) {
  TRY(Service* const service, service_with_task_sets(request));
  TRY(TaskSet* const task_set, task_set_of(*service, base::json_string(request, "taskSet")));
  const bool is_needed = task_set->scale_percent > 0 || task_set->set.status == "PRIMARY";
  if (is_needed && !base::json_bool(request, "force"))
    return bad_parameter("The task set cannot be deleted while it is primary or scaled above 0; use force.");
  task_set->set.status = "DRAINING";
  task_set->set.updated_at = now();
  return base::Json{{"taskSet", task_set_json(state_, *service, *task_set, WithTags::no)}};
}

base::Result<base::Json> EcsService::describe_task_sets(const base::Json& request) {
  TRY(Service* const service, service_with_task_sets(request));
  base::Json answer = {{"taskSets", base::Json::array()}, {"failures", base::Json::array()}};
  auto names = string_list(request, "taskSets");
  if (names.empty()) {
    for (const TaskSet& task_set : service->task_sets) names.push_back(task_set.arn);
  }
  for (const std::string& name : names) {
    if (const TaskSet* task_set = service->task_set(name)) {
      answer["taskSets"].push_back(task_set_json(state_, *service, *task_set, wants_tags(request)));
    } else {
      answer["failures"].push_back(missing(name));
    }
  }
  return answer;
}

base::Result<base::Json> EcsService::update_service_primary_task_set(const base::Json& request) {
  TRY(Service* const service, service_with_task_sets(request));
  TRY(TaskSet* const primary, task_set_of(*service, base::json_string(request, "primaryTaskSet")));
  if (primary->set.status == "DRAINING") return bad_parameter("The task set is draining.");
  for (TaskSet& task_set : service->task_sets) {
    if (task_set.set.status == "PRIMARY") task_set.set.status = "ACTIVE";
  }
  primary->set.status = "PRIMARY";
  primary->set.updated_at = now();
  service->definition["loadBalancers"] = primary->set.load_balancers;
  return base::Json{{"taskSet", task_set_json(state_, *service, *primary, WithTags::no)}};
}

}  // namespace emulator
