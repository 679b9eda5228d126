// What of ECS outlives a restart, and what a seed says of it.
#include <fmt/format.h>

#include "emulator/ecs_json.h"
#include "emulator/ecs_service.h"

namespace emulator {
namespace {

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
          {"updated_at", record.updated_at},
          {"finished_at", record.finished_at},
          {"stopped_at", record.stopped_at},
          {"rollback_reason", record.rollback_reason},
          {"rollback_revision", record.rollback_revision},
          {"rollback_started_at", record.rollback_started_at},
          {"breaker_status", record.breaker_status},
          {"failure_count", record.failure_count},
          {"threshold", record.threshold}};
}

ServiceDeployment record_from_json(const base::Json& json) {
  ServiceDeployment record;
  record.arn = base::json_string(json, "arn");
  record.deployment_id = base::json_string(json, "deployment");
  record.status = base::json_string(json, "status");
  record.status_reason = base::json_string(json, "status_reason");
  record.source_revisions = string_list(json, "source_revisions");
  record.target_revision = base::json_string(json, "target_revision");
  record.created_at = base::json_number(json, "created_at");
  record.updated_at = base::json_number(json, "updated_at");
  record.finished_at = base::json_number(json, "finished_at");
  record.stopped_at = base::json_number(json, "stopped_at");
  record.rollback_reason = base::json_string(json, "rollback_reason");
  record.rollback_revision = base::json_string(json, "rollback_revision");
  record.rollback_started_at = base::json_number(json, "rollback_started_at");
  record.breaker_status = base::json_string(json, "breaker_status");
  record.failure_count = static_cast<int>(base::json_integer(json, "failure_count"));
  record.threshold = static_cast<int>(base::json_integer(json, "threshold"));
  return record;
}

base::Json to_json(const Service& service) {
  base::Json json = {{"name", service.name},
                     {"arn", service.arn},
                     {"cluster", service.cluster_arn},
                     {"status", service.status},
                     {"desired_count", service.desired_count},
                     {"created_at", service.created_at},
                     {"definition", service.definition},
                     {"tags", service.tags},
                     {"deployments", base::Json::array()},
                     {"events", base::Json::array()},
                     {"history", base::Json::array()},
                     {"revisions", base::Json::array()}};
  for (const Deployment& deployment : service.deployments) json["deployments"].push_back(to_json(deployment));
  for (const ServiceEvent& event : service.events) {
    json["events"].push_back(
        {{"id", event.id}, {"created_at", event.created_at}, {"message", event.message}});
  }
  for (const ServiceDeployment& record : service.history) json["history"].push_back(to_json(record));
  for (const ServiceRevision& revision : service.revisions) {
    json["revisions"].push_back({{"arn", revision.arn},
                                 {"task_definition", revision.task_definition_arn},
                                 {"created_at", revision.created_at}});
  }
  return json;
}

Service service_from_json(const base::Json& json) {
  Service service;
  service.name = base::json_string(json, "name");
  service.arn = base::json_string(json, "arn");
  service.cluster_arn = base::json_string(json, "cluster");
  service.status = base::json_string(json, "status");
  service.desired_count = static_cast<int>(base::json_integer(json, "desired_count"));
  service.created_at = base::json_number(json, "created_at");
  service.definition = base::json_member(json, "definition");
  service.tags = base::json_member(json, "tags");
  for (const base::Json& entry : base::json_member(json, "deployments"))
    service.deployments.push_back(deployment_from_json(entry));
  for (const base::Json& entry : base::json_member(json, "events")) {
    service.events.push_back({base::json_string(entry, "id"), base::json_number(entry, "created_at"),
                              base::json_string(entry, "message")});
  }
  for (const base::Json& entry : base::json_member(json, "history"))
    service.history.push_back(record_from_json(entry));
  for (const base::Json& entry : base::json_member(json, "revisions")) {
    service.revisions.push_back({base::json_string(entry, "arn"), base::json_string(entry, "task_definition"),
                                 base::json_number(entry, "created_at")});
  }
  service.steady_announced = true;  // tasks are started again: that alone is no news
  return service;
}

}  // namespace

base::Json kept_state(const EcsState& state) {
  base::Json document = {{"clusters", base::Json::array()},
                         {"families", base::Json::object()},
                         {"tags", state.tags},
                         {"services", base::Json::array()},
                         {"next_address", state.next_address}};
  for (const Cluster& cluster : state.clusters) {
    document["clusters"].push_back(
        {{"name", cluster.name}, {"status", cluster.status}, {"definition", cluster.definition}});
  }
  for (const auto& [family, revisions] : state.families) document["families"][family] = revisions;
  for (const Service& service : state.services) document["services"].push_back(to_json(service));
  return document;
}

base::Result<void> load_kept_state(EcsState& state, const base::Json& document) {
  if (!document.is_object())
    return base::make_error(base::ErrorKind::invalid_input, "the kept ECS state is not a JSON object");
  for (const base::Json& entry : base::json_member(document, "clusters")) {
    Cluster& cluster = state.add_cluster(base::json_string(entry, "name"));
    cluster.status = base::json_string(entry, "status", "ACTIVE");
    if (base::json_member(entry, "definition").is_object()) cluster.definition = entry["definition"];
  }
  for (const auto& [family, revisions] : base::json_member(document, "families").items()) {
    for (const base::Json& revision : revisions) state.families[family].push_back(revision);
  }
  for (const auto& [arn, tags] : base::json_member(document, "tags").items()) {
    if (tags.is_array()) state.tags[arn] = tags;
  }
  for (const base::Json& entry : base::json_member(document, "services"))
    state.services.push_back(service_from_json(entry));
  state.next_address = static_cast<std::uint32_t>(base::json_integer(document, "next_address"));
  return {};
}

}  // namespace emulator
