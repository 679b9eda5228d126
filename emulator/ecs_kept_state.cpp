// What of ECS outlives a restart, and what a seed says of it.
#include <fmt/format.h>

#include "emulator/ecs_json.h"
#include "emulator/ecs_service.h"

namespace emulator {
namespace {

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
                     {"task_sets", base::Json::array()},
                     {"events", base::Json::array()},
                     {"history", base::Json::array()},
                     {"revisions", base::Json::array()}};
  for (const Deployment& deployment : service.deployments) json["deployments"].push_back(to_json(deployment));
  for (const TaskSet& task_set : service.task_sets) json["task_sets"].push_back(to_json(task_set));
  for (const ServiceEvent& event : service.events) {
    json["events"].push_back(
        {{"id", event.id}, {"created_at", event.created_at}, {"message", event.message}});
  }
  for (const ServiceDeployment& record : service.history) json["history"].push_back(to_json(record));
  for (const ServiceRevision& revision : service.revisions) json["revisions"].push_back(to_json(revision));
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
  for (const base::Json& entry : base::json_member(json, "task_sets"))
    service.task_sets.push_back(task_set_from_json(entry));
  for (const base::Json& entry : base::json_member(json, "events")) {
    service.events.push_back({base::json_string(entry, "id"), base::json_number(entry, "created_at"),
                              base::json_string(entry, "message")});
  }
  for (const base::Json& entry : base::json_member(json, "history"))
    service.history.push_back(service_deployment_from_json(entry));
  for (const base::Json& entry : base::json_member(json, "revisions"))
    service.revisions.push_back(service_revision_from_json(entry));
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
