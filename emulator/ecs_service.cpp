#include "emulator/ecs_service.h"

#include <fmt/format.h>

#include <algorithm>

#include "emulator/ecs_json.h"
#include "emulator/member_types.h"

namespace emulator {

namespace {
bool is_read(const std::string& operation) {
  return operation.starts_with("Describe") || operation.starts_with("List");
}
}  // namespace

EcsService::EcsService(EcsState& state, base::Clock& clock, Links links)
    : state_(state), clock_(clock), links_(std::move(links)) {}

double EcsService::now() const {
  return base::to_epoch_seconds(clock_.now());
}

const std::map<std::string, EcsService::Function>& EcsService::functions() {
  static const std::map<std::string, Function> kOperations = {
      {"CreateCluster", &EcsService::create_cluster},
      {"DescribeClusters", &EcsService::describe_clusters},
      {"ListClusters", &EcsService::list_clusters},
      {"DeleteCluster", &EcsService::delete_cluster},
      {"TagResource", &EcsService::tag_resource},
      {"UntagResource", &EcsService::untag_resource},
      {"ListTagsForResource", &EcsService::list_tags_for_resource},
      {"RegisterTaskDefinition", &EcsService::register_task_definition},
      {"DescribeTaskDefinition", &EcsService::describe_task_definition},
      {"ListTaskDefinitions", &EcsService::list_task_definitions},
      {"ListTaskDefinitionFamilies", &EcsService::list_task_definition_families},
      {"DeregisterTaskDefinition", &EcsService::deregister_task_definition},
      {"CreateService", &EcsService::create_service},
      {"UpdateService", &EcsService::update_service},
      {"DeleteService", &EcsService::delete_service},
      {"DescribeServices", &EcsService::describe_services},
      {"ListServices", &EcsService::list_services},
      {"ListServiceDeployments", &EcsService::list_service_deployments},
      {"DescribeServiceDeployments", &EcsService::describe_service_deployments},
      {"DescribeServiceRevisions", &EcsService::describe_service_revisions},
      {"StopServiceDeployment", &EcsService::stop_service_deployment},
      {"ContinueServiceDeployment", &EcsService::continue_service_deployment},
      {"CreateTaskSet", &EcsService::create_task_set},
      {"UpdateTaskSet", &EcsService::update_task_set},
      {"DeleteTaskSet", &EcsService::delete_task_set},
      {"DescribeTaskSets", &EcsService::describe_task_sets},
      {"UpdateServicePrimaryTaskSet", &EcsService::update_service_primary_task_set},
      {"RunTask", &EcsService::run_task},
      {"StopTask", &EcsService::stop_task},
      {"DescribeTasks", &EcsService::describe_tasks},
      {"ListTasks", &EcsService::list_tasks},
  };
  return kOperations;
}

ServiceTable EcsService::table(const std::function<void()>& changed) {
  ServiceTable table;
  table.name = "ecs";
  table.target_prefix = "AmazonEC2ContainerServiceV20141113";
  for (const auto& [name, function] : functions()) {
    table.operations[name] = [this, changed](const ApiCall& request) -> ApiResult {
      auto answer = call(request.operation, request.input, request.principal.arn);
      if (!answer) return ApiFailure{answer.error().code, answer.error().message};
      if (!is_read(request.operation)) changed();
      return std::move(*answer);
    };
  }
  return table;
}

base::Result<base::Json> EcsService::call(const std::string& operation, const base::Json& request,
                                          const std::string& caller_arn) {
  const auto found = functions().find(operation);
  if (found == functions().end()) {
    return ecs_error("UnsupportedFeatureException",
                     fmt::format("ECS operation {} is not offered by this emulator.", operation));
  }
  if (!request.is_object())
    return ecs_error("InvalidParameterException", "The request is not a JSON object.");
  TRY(check_member_types(request));
  std::lock_guard lock(state_.mutex);
  caller_arn_ = caller_arn;
  Answer answer = (this->*found->second)(request);
  if (answer && !is_read(operation) && links_.wake) links_.wake();
  return answer;
}

base::Result<Cluster*> EcsService::cluster_of(const base::Json& request) {
  Cluster* cluster = state_.find_cluster(base::json_string(request, "cluster"));
  if (cluster == nullptr || cluster->status != "ACTIVE") return cluster_not_found();
  return cluster;
}

base::Result<base::Json> EcsService::create_cluster(const base::Json& request) {
  const std::string name = base::json_string(request, "clusterName", "default");
  const bool valid =
      !name.empty() && name.size() <= 255 && std::all_of(name.begin(), name.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '-' || c == '_';
      });
  if (!valid) {
    return ecs_error(
        "InvalidParameterException",
        "Identifier must be of type alphanumeric, hyphens or underscores and at most 255 characters long.");
  }
  for (const auto& setting : base::json_member(request, "settings")) {
    if (base::json_string(setting, "name") != "containerInsights")
      return ecs_error("InvalidParameterException", "A cluster's setting must be containerInsights.");
  }
  const auto& execute =
      base::json_member(base::json_member(request, "configuration"), "executeCommandConfiguration");
  const std::string logging = base::json_string(execute, "logging", "DEFAULT");
  if (logging != "NONE" && logging != "DEFAULT" && logging != "OVERRIDE")
    return ecs_error("InvalidParameterException", "logging must be one of NONE, DEFAULT and OVERRIDE.");
  Cluster* cluster = state_.find_cluster(name);
  if (cluster == nullptr) cluster = &state_.add_cluster(name);
  cluster->status = "ACTIVE";
  for (const char* key :
       {"settings", "configuration", "capacityProviders", "defaultCapacityProviderStrategy", "tags"}) {
    if (request.contains(key)) cluster->definition[key] = request[key];
  }
  return base::Json{{"cluster", cluster_json(state_, *cluster)}};
}

base::Result<base::Json> EcsService::describe_clusters(const base::Json& request) {
  std::vector<std::string> names = string_list(request, "clusters");
  if (names.empty()) names.emplace_back("default");
  base::Json answer = {{"clusters", base::Json::array()}, {"failures", base::Json::array()}};
  for (const std::string& name : names) {
    const Cluster* cluster = state_.find_cluster(name);
    if (cluster != nullptr) {
      answer["clusters"].push_back(cluster_json(state_, *cluster));
    } else {
      answer["failures"].push_back(missing(name.starts_with("arn:") ? name : state_.arn("cluster/" + name)));
    }
  }
  return answer;
}

base::Result<base::Json> EcsService::list_clusters(const base::Json& request) {
  std::vector<std::string> arns;
  for (const Cluster& cluster : state_.clusters) {
    if (cluster.status == "ACTIVE") arns.push_back(cluster.arn);
  }
  return page_of(request, "clusterArns", arns, 100);
}

base::Result<base::Json> EcsService::delete_cluster(const base::Json& request) {
  TRY(Cluster* const cluster, cluster_of(request));
  for (const Service& service : state_.services) {
    if (service.cluster_arn == cluster->arn && service.status != "INACTIVE") {
      return ecs_error("ClusterContainsServicesException",
                       "The Cluster cannot be deleted while Services are active or draining.");
    }
  }
  for (const TaskRecord& task : state_.tasks) {
    if (task.cluster_arn == cluster->arn && task.last_status != "STOPPED") {
      return ecs_error("ClusterContainsTasksException",
                       "The Cluster cannot be deleted while Tasks are active.");
    }
  }
  cluster->status = "INACTIVE";
  return base::Json{{"cluster", cluster_json(state_, *cluster)}};
}

base::Json* EcsService::tags_of(const std::string& arn) {
  for (Service& service : state_.services) {
    if (service.arn == arn) return &service.tags;
    if (TaskSet* task_set = service.task_set(arn)) return &task_set->tags;
  }
  if (TaskRecord* task = state_.find_task(arn); task != nullptr && task->arn == arn) return &task->tags;
  const bool known =
      state_.find_cluster(arn) != nullptr ||
      (arn.find(":task-definition/") != std::string::npos && state_.find_task_definition(arn) != nullptr);
  if (!known) return nullptr;
  base::Json& tags = state_.tags[arn];
  if (!tags.is_array()) tags = base::Json::array();
  return &tags;
}

base::Result<base::Json> EcsService::tag_resource(const base::Json& request) {
  base::Json* tags = tags_of(base::json_string(request, "resourceArn"));
  if (tags == nullptr)
    return ecs_error("InvalidParameterException", "The specified resource could not be found.");
  for (const base::Json& tag : base::json_member(request, "tags")) {
    const std::string key = base::json_string(tag, "key");
    const auto same = std::find_if(tags->begin(), tags->end(), [&](const base::Json& entry) {
      return base::json_string(entry, "key") == key;
    });
    if (same != tags->end()) {
      *same = tag;
    } else {
      tags->push_back(tag);
    }
  }
  return base::Json::object();
}

base::Result<base::Json> EcsService::untag_resource(const base::Json& request) {
  base::Json* tags = tags_of(base::json_string(request, "resourceArn"));
  if (tags == nullptr)
    return ecs_error("InvalidParameterException", "The specified resource could not be found.");
  const auto keys = string_list(request, "tagKeys");
  base::Json kept = base::Json::array();
  for (const base::Json& tag : *tags) {
    if (std::find(keys.begin(), keys.end(), base::json_string(tag, "key")) == keys.end()) kept.push_back(tag);
  }
  *tags = kept;
  return base::Json::object();
}

base::Result<base::Json> EcsService::list_tags_for_resource(const base::Json& request) {
  const base::Json* tags = tags_of(base::json_string(request, "resourceArn"));
  if (tags == nullptr)
    return ecs_error("InvalidParameterException", "The specified resource could not be found.");
  return base::Json{{"tags", *tags}};
}

}  // namespace emulator
