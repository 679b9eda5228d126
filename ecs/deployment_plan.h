#pragma once
// What an update of a service will do, worked out before it is asked for. Pure: from the service as it stands
// and what is wanted of it. Carrying it out is update_service() and follow_rollout().

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "ecs/ecs_client.h"

namespace ecs {

enum class NewDeployment { if_needed, forced };

/// What the caller asks for.
struct DeploymentRequest {
  std::string cluster;
  std::string service;
  std::string task_definition_arn;
  std::optional<int> desired_count;
  NewDeployment new_deployment = NewDeployment::if_needed;
  std::optional<bool> enable_managed_tags;
  std::string propagate_tags;        ///< empty: as it is
  base::Json volume_configurations;  ///< null: as they are
  bool operator==(const DeploymentRequest&) const = default;
};

struct DeploymentPlan {
  DeploymentRequest request;
  std::string replaces;  ///< the task definition that runs now; empty when none does
  int desired = 0;
  int least_healthy = 0;  ///< tasks in service throughout: ceil(desired · minimumHealthyPercent)
  int most_running = 0;   ///< tasks at once: floor(desired · maximumPercent)
  bool starts_tasks = true;
  bool rolls_back = false;  ///< the circuit breaker is on, with rollback

  bool operator==(const DeploymentPlan&) const = default;
};

/// `service` is as DescribeServices has it now.
DeploymentPlan make_deployment_plan(const Service& service, const DeploymentRequest& request);
/// UpdateService's input; members that were not asked for are absent.
base::Json update_request(const DeploymentPlan& plan);
/// Why the rollout can never end or may do harm, for people; empty when it is well.
std::vector<std::string> concerns_of(const DeploymentPlan& plan);
/// One sentence for people.
std::string to_string(const DeploymentPlan& plan);

/// `items:3` of `arn:…:task-definition/items:3`.
std::string revision_name(const std::string& task_definition_arn);

}  // namespace ecs
