#include "ecs/proven_revision.h"

#include <fmt/format.h>

#include "ecs/service_deployments.h"

namespace ecs {

base::Result<std::string> last_proven_definition(aws::Client& client, const std::string& cluster,
                                                 const Service& service, const std::string& but_not) {
  auto successful = list_service_deployments(client, cluster, service.name, {"SUCCESSFUL"});
  if (successful) {
    for (const auto& record : *successful) {
      const auto definition = task_definition_of_revision(client, record.target_revision);
      // A revision that ECS has forgotten proves nothing any more.
      if (definition && !definition->empty() && *definition != but_not) return *definition;
    }
  } else if (successful.error().kind == base::ErrorKind::cancelled) {
    return std::move(successful).error();
  }
  for (const auto& deployment : service.deployments) {
    const bool proven = deployment.rollout_state == "COMPLETED";
    if (proven && deployment.task_definition_arn != but_not) return deployment.task_definition_arn;
  }
  return base::make_error(
      base::ErrorKind::not_found,
      fmt::format("no earlier deployment of service {} is known to have completed: name the "
                  "task definition to go back to with --to FAMILY:REVISION",
                  service.name));
}

}  // namespace ecs
