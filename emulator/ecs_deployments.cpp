// Service deployments and revisions: what became of each deployment, also after it left its service.
#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "emulator/ecs_json.h"
#include "emulator/ecs_service.h"

namespace emulator {

base::Result<base::Json> EcsService::list_service_deployments(const base::Json& request) {
  TRY(Cluster* const cluster, cluster_of(request));
  const Service* service = state_.find_service(cluster->arn, base::json_string(request, "service"));
  if (service == nullptr) return ecs_error("ServiceNotFoundException", "Service not found.");
  const auto statuses = string_list(request, "status");
  const auto most = static_cast<std::size_t>(
      std::clamp<std::int64_t>(base::json_integer(request, "maxResults", 20), 1, 100));
  base::Json list = base::Json::array();
  std::size_t at = static_cast<std::size_t>(std::max<std::int64_t>(
      0, base::parse_integer(base::json_string(request, "nextToken", "0")).value_or(0)));
  for (; at < service->history.size() && list.size() < most; ++at) {
    const ServiceDeployment& record = service->history[at];
    if (!statuses.empty() && std::find(statuses.begin(), statuses.end(), record.status) == statuses.end())
      continue;
    list.push_back(service_deployment_brief(*service, record));
  }
  base::Json answer = {{"serviceDeployments", list}};
  if (at < service->history.size()) answer["nextToken"] = std::to_string(at);
  return answer;
}

base::Result<base::Json> EcsService::describe_service_deployments(const base::Json& request) {
  const auto arns = string_list(request, "serviceDeploymentArns");
  if (arns.empty() || arns.size() > 20) {
    return ecs_error("InvalidParameterException",
                     "serviceDeploymentArns must have between 1 and 20 elements.");
  }
  base::Json answer = {{"serviceDeployments", base::Json::array()}, {"failures", base::Json::array()}};
  for (const std::string& arn : arns) {
    bool found = false;
    for (const Service& service : state_.services) {
      for (const ServiceDeployment& record : service.history) {
        if (record.arn != arn) continue;
        answer["serviceDeployments"].push_back(service_deployment_json(state_, service, record));
        found = true;
      }
    }
    if (!found) answer["failures"].push_back(missing(arn));
  }
  return answer;
}

base::Result<base::Json> EcsService::describe_service_revisions(const base::Json& request) {
  const auto arns = string_list(request, "serviceRevisionArns");
  if (arns.empty() || arns.size() > 20) {
    return ecs_error("InvalidParameterException", "serviceRevisionArns must have between 1 and 20 elements.");
  }
  base::Json answer = {{"serviceRevisions", base::Json::array()}, {"failures", base::Json::array()}};
  for (const std::string& arn : arns) {
    bool found = false;
    for (const Service& service : state_.services) {
      for (const ServiceRevision& revision : service.revisions) {
        if (revision.arn != arn) continue;
        answer["serviceRevisions"].push_back(service_revision_json(service, revision));
        found = true;
      }
    }
    if (!found) answer["failures"].push_back(missing(arn));
  }
  return answer;
}

base::Result<EcsService::FoundDeployment> EcsService::service_deployment_of(const base::Json& request) {
  const std::string arn = base::json_string(request, "serviceDeploymentArn");
  for (Service& service : state_.services) {
    for (ServiceDeployment& record : service.history) {
      if (record.arn == arn) return FoundDeployment{&service, &record};
    }
  }
  return ecs_error("ServiceDeploymentNotFoundException", "Service deployment not found.");
}

base::Result<base::Json> EcsService::stop_service_deployment(const base::Json& request) {
  const std::string type = base::json_string(request, "stopType", "ROLLBACK");
  if (type != "ROLLBACK" && type != "ABORT")
    return ecs_error("InvalidParameterException",
                     fmt::format("stopType {} must be one of ROLLBACK, ABORT.", type));
  TRY(const FoundDeployment found, service_deployment_of(request));
  ServiceDeployment& record = *found.record;
  const TrafficShift& shift = record.shift;
  const bool cleans_up = !shift.steps.empty() && shift.steps[shift.at].stage == "CLEAN_UP";
  const bool under_way = found.service->under_way() == &record && !cleans_up &&
                         (record.status == "PENDING" || record.status == "IN_PROGRESS");
  if (!under_way)
    return ecs_error("ConflictException", "The service deployment is not in a state that can be stopped.");
  const auto& deployments = found.service->deployments;
  const bool has_way_back =
      std::any_of(deployments.begin() + 1, deployments.end(),
                  [](const Deployment& entry) { return entry.was_completed && !entry.is_placeholder; });
  if (type == "ROLLBACK" && !has_way_back)
    return ecs_error("ConflictException", "There is no completed service deployment to roll back to.");
  record.status = type == "ABORT" ? "STOP_REQUESTED" : "ROLLBACK_REQUESTED";
  record.status_reason = "Service deployment stopped by user";
  record.updated_at = now();
  return base::Json{{"serviceDeploymentArn", record.arn}};
}

base::Result<base::Json> EcsService::continue_service_deployment(const base::Json& request) {
  const std::string action = base::json_string(request, "action", "CONTINUE");
  if (action != "CONTINUE" && action != "ROLLBACK")
    return ecs_error("InvalidParameterException",
                     fmt::format("action {} must be one of CONTINUE, ROLLBACK.", action));
  TRY(const FoundDeployment found, service_deployment_of(request));
  const std::string id = base::json_string(request, "hookId");
  if (found.record->status != "IN_PROGRESS")
    return ecs_error("ClientException", "The service deployment is not in progress.");
  for (HookRun& run : found.record->shift.hooks) {
    if (run.id != id) continue;
    if (run.status != "AWAITING_ACTION")
      return ecs_error("ClientException",
                       fmt::format("The lifecycle hook {} is not awaiting an action.", id));
    run.status = action == "CONTINUE" ? "SUCCEEDED" : "FAILED";
    found.record->updated_at = now();
    return base::Json{{"serviceDeploymentArn", found.record->arn}};
  }
  return ecs_error("InvalidParameterException", fmt::format("The lifecycle hook {} was not found.", id));
}

}  // namespace emulator
