#pragma once
// Carrying out the first part of a deployment plan: the one call that changes the service, and finding out by
// which names AWS keeps what it started.

#include <string>

#include "aws/client.h"
#include "base/result.h"
#include "ecs/deployment_plan.h"

namespace ecs {

struct StartedDeployment {
  Service before;                      ///< as it was when the plan was made
  std::string deployment_id;           ///< ecs-svc/N
  std::string service_deployment_arn;  ///< empty where it is not offered, or may not be asked for
};

/// Updates the service. An Error means that nothing was started.
base::Result<StartedDeployment> start_deployment(aws::Client& client, const Service& before,
                                                 const DeploymentPlan& plan);

}  // namespace ecs
