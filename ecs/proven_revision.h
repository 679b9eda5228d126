#pragma once
// Where a rollback goes: the last task definition that was proven by a deployment that ECS calls SUCCESSFUL.
// Not "the revision before", which may never have run.

#include <string>

#include "aws/client.h"
#include "base/result.h"
#include "ecs/ecs_client.h"

namespace ecs {

/// The ARN of the newest proven task definition other than `but_not`, or not_found when there is no proof.
/// Where ECS keeps no record of deployments, only one that the service itself still shows as COMPLETED is
/// proof.
base::Result<std::string> last_proven_definition(aws::Client& client, const std::string& cluster,
                                                 const Service& service, const std::string& but_not);

}  // namespace ecs
