#include "ecs/start_deployment.h"

#include <set>

#include "base/json.h"
#include "ecs/service_deployments.h"

namespace ecs {
namespace {

// ECS shows a new deployment in its list a little after it began.
constexpr int kLooksForRecord = 6;
constexpr std::chrono::milliseconds kBetweenLooks{500};

/// ARNs that were there before; nothing where they are not offered.
std::optional<std::set<std::string>> known_records(aws::Client& client, const DeploymentRequest& request) {
  const auto list = list_service_deployments(client, request.cluster, request.service);
  if (!list) return std::nullopt;
  std::set<std::string> known;
  for (const auto& record : *list) known.insert(record.arn);
  return known;
}

/// The record that is new and has our task definition as its target; "" when none shows up.
std::string find_record(aws::Client& client, const DeploymentRequest& request,
                        const std::set<std::string>& known) {
  for (int look = 0; look < kLooksForRecord; ++look) {
    if (look > 0 && !client.options().clock->sleep_for(kBetweenLooks, client.options().stop)) return "";
    const auto list = list_service_deployments(client, request.cluster, request.service);
    if (!list) return "";
    for (const auto& record : *list) {
      if (known.contains(record.arn)) continue;
      const auto definition = task_definition_of_revision(client, record.target_revision);
      if (!definition || *definition == request.task_definition_arn) return record.arn;
    }
  }
  return "";
}

}  // namespace

base::Result<StartedDeployment> start_deployment(aws::Client& client, const Service& before,
                                                 const DeploymentPlan& plan) {
  const auto known = known_records(client, plan.request);
  TRY(const auto updated, update_service(client, update_request(plan)));
  const auto* primary = updated.primary();
  if (primary == nullptr)
    return base::make_error(base::ErrorKind::remote, "UpdateService answered without a deployment");
  StartedDeployment started{before, primary->id, ""};
  const auto* old = before.primary();
  if (known && (old == nullptr || old->id != primary->id))
    started.service_deployment_arn = find_record(client, plan.request, *known);
  return started;
}

}  // namespace ecs
