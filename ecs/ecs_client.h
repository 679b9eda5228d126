#pragma once
// The calls of ECS, ELBv2 and CloudWatch Logs that a deployment makes. Answers as plain structs; how they are
// used is rollout.h's and failure_digest.h's.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "aws/client.h"
#include "base/json_fwd.h"
#include "base/result.h"

namespace ecs {

struct Deployment {
  std::string id;
  std::string status;  ///< PRIMARY, ACTIVE, INACTIVE
  std::string task_definition_arn;
  std::string rollout_state;  ///< IN_PROGRESS, COMPLETED, FAILED; empty on old services
  std::string rollout_reason;
  int desired = 0, running = 0, pending = 0, failed_tasks = 0;
};

struct ServiceEvent {
  std::string id;
  double created_at = 0;
  std::string message;
};

/// Where a container of the service is registered.
struct LoadBalancer {
  std::string target_group;
  std::string container;
  int port = 0;
};

struct Service {
  std::string arn;
  std::string name;
  std::string status;
  std::string controller = "ECS";  ///< or CODE_DEPLOY, EXTERNAL
  int desired = 0, running = 0;
  int minimum_healthy_percent = 100, maximum_percent = 200;
  bool circuit_breaker = false, rolls_back = false;
  std::vector<Deployment> deployments;  ///< the primary one first
  std::vector<ServiceEvent> events;     ///< newest first
  std::vector<std::string> target_groups;
  std::vector<LoadBalancer> load_balancers;
  std::string strategy = "ROLLING";  ///< of ECS's own: or BLUE_GREEN, LINEAR, CANARY
  std::string launch_type;           ///< FARGATE, EC2, EXTERNAL; empty with capacity providers
  std::vector<std::string> subnets;
  int health_check_grace_seconds = 0;
  int bake_minutes = 0;

  [[nodiscard]] const Deployment* primary() const;
  [[nodiscard]] const Deployment* find(const std::string& deployment_id) const;
};

struct StoppedContainer {
  std::string name;
  std::optional<int> exit_code;
  std::string reason;
  std::string image_digest;
};

struct Task {
  std::string arn;
  std::string id;
  std::string task_definition_arn;
  std::string last_status;
  std::string started_by;  ///< the deployment's id for tasks of a service
  std::string stop_code;
  std::string stopped_reason;
  double stopped_at = 0;
  std::vector<StoppedContainer> containers;
};

/// The ARN of the new revision.
base::Result<std::string> register_task_definition(aws::Client& client, const base::Json& definition);
base::Result<base::Json> describe_task_definition(aws::Client& client, const std::string& name);

/// An Error `SERVICE is MISSING` when there is none.
base::Result<Service> describe_service(aws::Client& client, const std::string& cluster,
                                       const std::string& name);
/// Names of the cluster's services, sorted.
/// At most ten; those that are not there are left out.
base::Result<std::vector<Service>> describe_services(aws::Client& client, const std::string& cluster,
                                                     const std::vector<std::string>& names);
base::Result<std::vector<std::string>> list_services(aws::Client& client, const std::string& cluster);
/// `request` is UpdateService's input; the answer has the new primary deployment.
base::Result<Service> update_service(aws::Client& client, const base::Json& request);

enum class TaskStatus { running, stopped };
base::Result<std::vector<Task>> list_tasks(aws::Client& client, const std::string& cluster,
                                           const std::string& service, TaskStatus status);
base::Result<std::vector<Task>> describe_tasks(aws::Client& client, const std::string& cluster,
                                               const std::vector<std::string>& arns);
/// `request` is RunTask's input; failures are an Error `ARN is REASON`.
base::Result<std::vector<Task>> run_task(aws::Client& client, const base::Json& request);

struct TargetHealth {
  std::string target;  ///< 10.0.1.7:8000
  std::string state;   ///< healthy, unhealthy, initial, draining …
  std::string reason;  ///< Target.ResponseCodeMismatch …
  std::string description;
};
base::Result<std::vector<TargetHealth>> target_health(aws::Client& client, const std::string& target_group);

/// The last lines of a log stream, oldest first.
base::Result<std::vector<std::string>> last_log_lines(aws::Client& client, const std::string& group,
                                                      const std::string& stream, int count);

}  // namespace ecs
