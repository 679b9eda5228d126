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
        answer["serviceRevisions"].push_back(service_revision_json(state_, service, revision));
        found = true;
      }
    }
    if (!found) answer["failures"].push_back(missing(arn));
  }
  return answer;
}

base::Result<base::Json> EcsService::stop_service_deployment(const base::Json& request) {
  const std::string arn = base::json_string(request, "serviceDeploymentArn");
  if (const std::string type = base::json_string(request, "stopType", "ROLLBACK"); type != "ROLLBACK") {
    return ecs_error("InvalidParameterException",
                     fmt::format("stopType {} is not offered by this emulator; use ROLLBACK.", type));
  }
  for (Service& service : state_.services) {
    for (ServiceDeployment& record : service.history) {
      if (record.arn != arn) continue;
      Deployment* primary = service.primary();
      const bool under_way = primary != nullptr && primary->id == record.deployment_id &&
                             record.finished_at == 0 && record.rollback_started_at == 0;
      if (!under_way)
        return ecs_error("ConflictException",
                         "The service deployment is not in a state that can be stopped.");
      if (!state_.roll_back(service, "Service deployment stopped by user", now())) {
        return ecs_error("ConflictException", "There is no completed service deployment to roll back to.");
      }
      return base::Json{{"serviceDeploymentArn", arn}};
    }
  }
  return ecs_error("ServiceDeploymentNotFoundException", "Service deployment not found.");
}

}  // namespace emulator
