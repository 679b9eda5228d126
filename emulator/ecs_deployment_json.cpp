// Service deployments and revisions as the API shows them.
#include "emulator/ecs_json.h"

namespace emulator {
namespace {

/// How many tasks the scheduler keeps of a revision; of a rolling deployment's older ones what is left.
int requested_tasks(const EcsState& state, const Service& service, const Deployment& deployment) {
  const ServiceDeployment* record = service.history.empty() ? nullptr : &service.history.front();
  if (deployment.status == "PRIMARY") return deployment.is_placeholder ? 0 : service.desired_count;
  if (record != nullptr && !record->is_over() && !record->shift.steps.empty() &&
      record->shift.steps[record->shift.at].stage != "CLEAN_UP")
    return service.desired_count;
  const TaskCounts counts = count_tasks(state, deployment);
  return counts.running + counts.pending;
}

base::Json revision_summary(const EcsState& state, const Service& service, const std::string& revision_arn) {
  base::Json json = {
      {"arn", revision_arn}, {"requestedTaskCount", 0}, {"runningTaskCount", 0}, {"pendingTaskCount", 0}};
  for (const Deployment& deployment : service.deployments) {
    if (deployment.revision_arn != revision_arn) continue;
    const TaskCounts counts = count_tasks(state, deployment);
    json["requestedTaskCount"] = requested_tasks(state, service, deployment);
    json["runningTaskCount"] = counts.running;
    json["pendingTaskCount"] = counts.pending;
  }
  return json;
}

base::Json hook_json(const HookRun& run) {
  base::Json json = {{"hookId", run.id},
                     {"targetType", run.target_type},
                     {"status", run.status},
                     {"timeoutAction", run.timeout_action}};
  set_text(json, "targetArn", run.target_arn);
  set_time(json, "expiresAt", run.expires_at);
  return json;
}

/// Weights, stage and hooks of a deployment that shifts traffic.
void add_shift(base::Json& json, const TrafficShift& shift) {
  if (shift.steps.empty()) return;
  const ShiftStep& step = shift.steps[shift.at];
  json["lifecycleStage"] = step.stage;
  json["targetServiceRevision"]["requestedTestTrafficWeight"] = step.test_percent;
  json["targetServiceRevision"]["requestedProductionTrafficWeight"] = step.production_percent;
  for (base::Json& source : json["sourceServiceRevisions"]) {
    source["requestedTestTrafficWeight"] = 100 - step.test_percent;
    source["requestedProductionTrafficWeight"] = 100 - step.production_percent;
  }
  if (shift.hooks.empty()) return;
  json["lifecycleHookDetails"] = base::Json::array();
  for (const HookRun& run : shift.hooks) json["lifecycleHookDetails"].push_back(hook_json(run));
}

}  // namespace

base::Json current_revision_json(const EcsState& state, const Service& service,
                                 const Deployment& deployment) {
  return revision_summary(state, service, deployment.revision_arn);
}

base::Json service_deployment_brief(const Service& service, const ServiceDeployment& record) {
  base::Json json = {{"serviceDeploymentArn", record.arn},
                     {"serviceArn", service.arn},
                     {"clusterArn", service.cluster_arn},
                     {"createdAt", record.created_at},
                     {"targetServiceRevisionArn", record.target_revision},
                     {"status", record.status}};
  set_time(json, "startedAt", record.started_at);
  set_time(json, "finishedAt", record.finished_at);
  set_text(json, "statusReason", record.status_reason);
  return json;
}

base::Json service_deployment_json(const EcsState& state, const Service& service,
                                   const ServiceDeployment& record) {
  base::Json json = {{"serviceDeploymentArn", record.arn},
                     {"serviceArn", service.arn},
                     {"clusterArn", service.cluster_arn},
                     {"createdAt", record.created_at},
                     {"updatedAt", record.updated_at},
                     {"sourceServiceRevisions", base::Json::array()},
                     {"targetServiceRevision", revision_summary(state, service, record.target_revision)},
                     {"status", record.status},
                     {"deploymentCircuitBreaker",
                      {{"status", record.breaker_status},
                       {"failureCount", record.failure_count},
                       {"threshold", record.threshold}}}};
  for (const std::string& arn : record.source_revisions)
    json["sourceServiceRevisions"].push_back(revision_summary(state, service, arn));
  if (record.configuration.is_object()) json["deploymentConfiguration"] = record.configuration;
  const auto alarm_names = string_list(base::json_member(record.configuration, "alarms"), "alarmNames");
  if (!alarm_names.empty()) {
    json["alarms"] = {{"status", record.alarms_status},
                      {"alarmNames", alarm_names},
                      {"triggeredAlarmNames", record.triggered_alarms}};
  }
  add_shift(json, record.shift);
  set_time(json, "startedAt", record.started_at);
  set_time(json, "finishedAt", record.finished_at);
  set_time(json, "stoppedAt", record.stopped_at);
  set_text(json, "statusReason", record.status_reason);
  if (record.is_rolling_back()) {
    json["rollback"] = {{"reason", record.rollback_reason},
                        {"startedAt", record.rollback_started_at},
                        {"serviceRevisionArn", record.rollback_revision}};
  }
  return json;
}

base::Json service_revision_json(const Service& service, const ServiceRevision& revision) {
  const base::Json& definition = revision.definition;
  base::Json json = {{"serviceRevisionArn", revision.arn},
                     {"serviceArn", service.arn},
                     {"clusterArn", service.cluster_arn},
                     {"taskDefinition", revision.task_definition_arn},
                     {"launchType", base::json_string(definition, "launchType", "FARGATE")},
                     {"platformVersion", "1.4.0"},
                     {"platformFamily", "Linux"},
                     {"containerImages", revision.images},
                     {"guardDutyEnabled", false},
                     {"createdAt", revision.created_at}};
  for (const char* key :
       {"loadBalancers", "networkConfiguration", "serviceRegistries", "capacityProviderStrategy",
        "serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations"}) {
    if (!base::json_member(definition, key).is_null()) json[key] = base::json_member(definition, key);
  }
  base::Json resolved = base::Json::array();
  for (const base::Json& entry : revision.load_balancers) {
    base::Json balancer = {{"targetGroupArn", base::json_string(entry, "targetGroupArn")}};
    set_text(balancer, "productionListenerRule",
             base::json_string(base::json_member(entry, "advancedConfiguration"), "productionListenerRule"));
    resolved.push_back(std::move(balancer));
  }
  if (!resolved.empty()) json["resolvedConfiguration"] = {{"loadBalancers", resolved}};
  return json;
}

}  // namespace emulator
