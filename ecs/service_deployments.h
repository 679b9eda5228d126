#pragma once
// Service deployments and revisions: what ECS itself keeps of each deployment of a service, also after it has
// left the service. Not offered everywhere: who asks has to do without, too.

#include <optional>
#include <string>
#include <vector>

#include "aws/client.h"
#include "base/result.h"

namespace ecs {

/// A hook of a deployment that waits, runs or has ended.
struct LifecycleHook {
  std::string id;
  std::string target_type;  ///< AWS_LAMBDA or PAUSE
  std::string target_arn;
  std::string status;  ///< AWAITING_ACTION, IN_PROGRESS, SUCCEEDED, FAILED, TIMED_OUT
  std::string timeout_action;
  double expires_at = 0;  ///< 0: never
  bool operator==(const LifecycleHook&) const = default;
};

struct ServiceDeployment {
  std::string arn;
  std::string status;  ///< PENDING, IN_PROGRESS, SUCCESSFUL, STOPPED, ROLLBACK_SUCCESSFUL …
  std::string reason;
  std::string stage;  ///< of a blue/green, linear or canary deployment: SCALE_UP, BAKE_TIME …
  std::string target_revision;
  double created_at = 0;
  std::optional<double> production_weight;  ///< percent of the traffic that the new revision gets
  std::string rollback_reason;
  std::string rollback_revision;
  bool gave_up = false;  ///< the circuit breaker or an alarm has tripped
  std::vector<LifecycleHook> hooks;
};

/// The newest first, at most 20; of these statuses, or of all.
base::Result<std::vector<ServiceDeployment>> list_service_deployments(
    aws::Client& client, const std::string& cluster, const std::string& service,
    const std::vector<std::string>& statuses = {});
base::Result<ServiceDeployment> describe_service_deployment(aws::Client& client, const std::string& arn);
/// The ARN of the task definition of a service revision.
base::Result<std::string> task_definition_of_revision(aws::Client& client, const std::string& revision_arn);

/// ROLLBACK is what ECS does then; a ConflictException says that it is too late.
base::Result<void> stop_service_deployment(aws::Client& client, const std::string& arn);

enum class HookDecision { proceed, roll_back };
base::Result<void> continue_service_deployment(aws::Client& client, const std::string& arn,
                                               const std::string& hook_id, HookDecision decision);

}  // namespace ecs
