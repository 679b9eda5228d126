// Deployments, their records and service revisions as the state folder keeps them.
#include "emulator/ecs_json.h"
#include "emulator/service_deployment.h"

namespace emulator {
namespace {

base::Json shift_to_json(const TrafficShift& shift) {
  base::Json steps = base::Json::array();
  for (const ShiftStep& step : shift.steps) {
    steps.push_back({{"stage", step.stage},
                     {"hook_stage", step.hook_stage},
                     {"test_percent", step.test_percent},
                     {"production_percent", step.production_percent},
                     {"bake_minutes", step.bake_minutes}});
  }
  base::Json hooks = base::Json::array();
  for (const HookRun& run : shift.hooks) {
    hooks.push_back({{"id", run.id},
                     {"stage", run.stage},
                     {"step", run.step},
                     {"on_return", run.on_return},
                     {"hook", run.hook},
                     {"target_type", run.target_type},
                     {"target_arn", run.target_arn},
                     {"status", run.status},
                     {"expires_at", run.expires_at},
                     {"timeout_action", run.timeout_action},
                     {"call_at", run.call_at},
                     {"details", run.details}});
  }
  return {{"steps", steps},
          {"at", shift.at},
          {"on_return", shift.on_return},
          {"source", shift.source_id},
          {"baking_since", shift.baking_since},
          {"hooks", hooks}};
}

HookRun hook_run_from_json(const base::Json& json) {
  HookRun run;
  run.id = base::json_string(json, "id");
  run.stage = base::json_string(json, "stage");
  run.step = static_cast<std::size_t>(base::json_integer(json, "step"));
  run.on_return = base::json_bool(json, "on_return");
  run.hook = static_cast<std::size_t>(base::json_integer(json, "hook"));
  run.target_type = base::json_string(json, "target_type");
  run.target_arn = base::json_string(json, "target_arn");
  run.status = base::json_string(json, "status");
  run.expires_at = base::json_number(json, "expires_at");
  run.timeout_action = base::json_string(json, "timeout_action");
  run.call_at = base::json_number(json, "call_at");
  run.details = base::json_member(json, "details");
  return run;
}

TrafficShift shift_from_json(const base::Json& json) {
  TrafficShift shift;
  for (const base::Json& entry : base::json_member(json, "steps")) {
    shift.steps.push_back({base::json_string(entry, "stage"), base::json_string(entry, "hook_stage"),
                           base::json_number(entry, "test_percent"),
                           base::json_number(entry, "production_percent"),
                           base::json_number(entry, "bake_minutes")});
  }
  const auto at = static_cast<std::size_t>(base::json_integer(json, "at"));
  shift.at = at < shift.steps.size() ? at : 0;
  shift.on_return = base::json_bool(json, "on_return");
  shift.source_id = base::json_string(json, "source");
  shift.baking_since = base::json_number(json, "baking_since");
  for (const base::Json& entry : base::json_member(json, "hooks"))
    shift.hooks.push_back(hook_run_from_json(entry));
  return shift;
}

const base::Json& array_of(const base::Json& json, std::string_view key) {
  static const base::Json kNone = base::Json::array();
  const base::Json& list = base::json_member(json, key);
  return list.is_array() ? list : kNone;
}

}  // namespace

base::Json to_json(const Deployment& deployment) {
  return {{"id", deployment.id},
          {"status", deployment.status},
          {"task_definition", deployment.task_definition_arn},
          {"rollout_state", deployment.rollout_state},
          {"rollout_reason", deployment.rollout_reason},
          {"created_at", deployment.created_at},
          {"updated_at", deployment.updated_at},
          {"failed_tasks", deployment.failed_tasks},
          {"was_completed", deployment.was_completed},
          {"is_rollback", deployment.is_rollback},
          {"is_placeholder", deployment.is_placeholder},
          {"revision", deployment.revision_arn},
          {"load_balancers", deployment.load_balancers},
          {"pinned_digests", deployment.pinned_digests}};
}

Deployment deployment_from_json(const base::Json& json) {
  Deployment deployment;
  deployment.id = base::json_string(json, "id");
  deployment.status = base::json_string(json, "status");
  deployment.task_definition_arn = base::json_string(json, "task_definition");
  deployment.rollout_state = base::json_string(json, "rollout_state");
  deployment.rollout_reason = base::json_string(json, "rollout_reason");
  deployment.created_at = base::json_number(json, "created_at");
  deployment.updated_at = base::json_number(json, "updated_at");
  deployment.failed_tasks = static_cast<int>(base::json_integer(json, "failed_tasks"));
  deployment.was_completed = base::json_bool(json, "was_completed");
  deployment.is_rollback = base::json_bool(json, "is_rollback");
  deployment.is_placeholder = base::json_bool(json, "is_placeholder");
  deployment.revision_arn = base::json_string(json, "revision");
  deployment.load_balancers = array_of(json, "load_balancers");
  for (const auto& [name, digest] : base::json_member(json, "pinned_digests").items()) {
    if (digest.is_string()) deployment.pinned_digests[name] = digest.get<std::string>();
  }
  return deployment;
}

base::Json to_json(const ServiceDeployment& record) {
  return {{"arn", record.arn},
          {"deployment", record.deployment_id},
          {"status", record.status},
          {"status_reason", record.status_reason},
          {"source_revisions", record.source_revisions},
          {"target_revision", record.target_revision},
          {"created_at", record.created_at},
          {"started_at", record.started_at},
          {"updated_at", record.updated_at},
          {"finished_at", record.finished_at},
          {"stopped_at", record.stopped_at},
          {"rollback_reason", record.rollback_reason},
          {"rollback_revision", record.rollback_revision},
          {"rollback_started_at", record.rollback_started_at},
          {"breaker_status", record.breaker_status},
          {"failure_count", record.failure_count},
          {"threshold", record.threshold},
          {"configuration", record.configuration},
          {"alarms_status", record.alarms_status},
          {"triggered_alarms", record.triggered_alarms},
          {"baking_since", record.baking_since},
          {"shift", shift_to_json(record.shift)}};
}

ServiceDeployment service_deployment_from_json(const base::Json& json) {
  ServiceDeployment record;
  record.arn = base::json_string(json, "arn");
  record.deployment_id = base::json_string(json, "deployment");
  record.status = base::json_string(json, "status");
  record.status_reason = base::json_string(json, "status_reason");
  record.source_revisions = string_list(json, "source_revisions");
  record.target_revision = base::json_string(json, "target_revision");
  record.created_at = base::json_number(json, "created_at");
  record.started_at = base::json_number(json, "started_at");
  record.updated_at = base::json_number(json, "updated_at");
  record.finished_at = base::json_number(json, "finished_at");
  record.stopped_at = base::json_number(json, "stopped_at");
  record.rollback_reason = base::json_string(json, "rollback_reason");
  record.rollback_revision = base::json_string(json, "rollback_revision");
  record.rollback_started_at = base::json_number(json, "rollback_started_at");
  record.breaker_status = base::json_string(json, "breaker_status");
  record.failure_count = static_cast<int>(base::json_integer(json, "failure_count"));
  record.threshold = static_cast<int>(base::json_integer(json, "threshold"));
  record.configuration = base::json_member(json, "configuration");
  record.alarms_status = base::json_string(json, "alarms_status", "DISABLED");
  record.triggered_alarms = string_list(json, "triggered_alarms");
  record.baking_since = base::json_number(json, "baking_since");
  record.shift = shift_from_json(base::json_member(json, "shift"));
  return record;
}

base::Json to_json(const TaskSet& task_set) {
  return {{"set", to_json(task_set.set)},
          {"arn", task_set.arn},
          {"external_id", task_set.external_id},
          {"started_by", task_set.started_by},
          {"scale_percent", task_set.scale_percent},
          {"definition", task_set.definition},
          {"tags", task_set.tags}};
}

TaskSet task_set_from_json(const base::Json& json) {
  TaskSet task_set;
  task_set.set = deployment_from_json(base::json_member(json, "set"));
  task_set.arn = base::json_string(json, "arn");
  task_set.external_id = base::json_string(json, "external_id");
  task_set.started_by = base::json_string(json, "started_by");
  task_set.scale_percent = base::json_number(json, "scale_percent");
  task_set.definition = base::json_member(json, "definition");
  task_set.tags = array_of(json, "tags");
  task_set.stability_at = task_set.set.created_at;
  return task_set;
}

base::Json to_json(const ServiceRevision& revision) {
  return {{"arn", revision.arn},
          {"task_definition", revision.task_definition_arn},
          {"created_at", revision.created_at},
          {"definition", revision.definition},
          {"load_balancers", revision.load_balancers},
          {"images", revision.images}};
}

ServiceRevision service_revision_from_json(const base::Json& json) {
  return {base::json_string(json, "arn"),        base::json_string(json, "task_definition"),
          base::json_number(json, "created_at"), base::json_member(json, "definition"),
          array_of(json, "load_balancers"),      array_of(json, "images")};
}

}  // namespace emulator
