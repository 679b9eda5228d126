#pragma once
// Blue/green deployments by CodeDeploy, for services whose controller it is: the calls, and following one to
// its end, its rollback included.

#include <string>

#include "aws/client.h"
#include "base/json.h"
#include "base/result.h"
#include "ecs/followed.h"

namespace ecs {

struct CodeDeployOrder {
  std::string cluster;
  std::string service;
  std::string application;  ///< empty: AppECS-CLUSTER-SERVICE and the console's shorter forms of it are tried
  std::string group;        ///< empty: DgpECS-CLUSTER-SERVICE, in the same way
  base::Json app_spec;      ///< with the task definition in it
  std::string description;  ///< cut to CodeDeploy's 512 characters
  std::string config;       ///< empty: the group's own
  std::chrono::seconds patience{1800};  ///< beyond the group's own waits
};

struct CodeDeployGroup {
  std::string application;
  std::string group;
  std::chrono::minutes ready_wait{0};        ///< absent is 0
  std::chrono::minutes termination_wait{0};  ///< absent is 0
};
/// The group by the order's names, or the first of the usual ones that exists.
base::Result<CodeDeployGroup> find_code_deploy_group(aws::Client& client, const CodeDeployOrder& order);

/// Creates the deployment and follows it. The wait has the group's own waits added, six hours at most.
base::Result<Followed> start_code_deploy(aws::Client& client, const CodeDeployOrder& order,
                                         const FollowNews& news);
/// Follows one that goes on already.
Followed follow_code_deploy(aws::Client& client, const CodeDeployOrder& order, const std::string& id,
                            const FollowNews& news);

/// The id of the group's deployment that goes on, or "".
base::Result<std::string> running_code_deploy(aws::Client& client, const CodeDeployGroup& group);
/// Stops it and has CodeDeploy go back to the last good revision.
base::Result<void> stop_code_deploy(aws::Client& client, const std::string& id);
/// The AppSpec of the last deployment that succeeded before the one that is there now; not_found without one.
base::Result<base::Json> last_good_app_spec(aws::Client& client, const CodeDeployGroup& group);

}  // namespace ecs
