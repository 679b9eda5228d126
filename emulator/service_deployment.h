#pragma once
// What a service keeps of its deployments: the sets of tasks that it runs now, the record of each service
// deployment with how far it came, and the service revisions. Plain records; ecs_state.h holds them.

#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "emulator/deployment_strategy.h"

namespace emulator {

/// A set of tasks of one revision: an entry of DescribeServices' `deployments`.
struct Deployment {
  std::string id;  ///< ecs-svc/…
  std::string status = "PRIMARY";
  std::string task_definition_arn;
  std::string rollout_state = "IN_PROGRESS";
  std::string rollout_reason;
  double created_at = 0;
  double updated_at = 0;
  int failed_tasks = 0;
  int breaker_failures = 0;  ///< in a row, without a healthy task between
  bool was_completed = false;
  bool is_rollback = false;
  bool is_placeholder = false;  ///< of a seeded service that was never deployed: starts nothing
  std::string revision_arn;
  /// `loadBalancers` with the target groups that these tasks are registered in.
  base::Json load_balancers = base::Json::array();
  std::map<std::string, std::string> pinned_digests;  ///< container → digest, by the first task that pulled

  int launch_failures = 0;  ///< tasks in a row that never ran
  int crashes = 0;          ///< tasks in a row that ran and ended before they were healthy
  base::SteadyTime not_before{};
};

/// One run of a lifecycle hook, as `lifecycleHookDetails` tells it.
struct HookRun {
  std::string id;
  std::string stage;
  std::size_t step = 0;  ///< of TrafficShift::steps
  bool on_return = false;
  std::size_t hook = 0;  ///< of the configuration's lifecycleHooks
  std::string target_type;
  std::string target_arn;
  std::string status = "IN_PROGRESS";
  double expires_at = 0;
  std::string timeout_action = "ROLLBACK";
  double call_at = 0;  ///< the next call of a function that is not done
  base::Json details = base::Json::object();
  bool is_called = false;  ///< a call is under way; not kept: it is called again after a restart
};

/// How far a deployment that shifts traffic came. No steps: it is a rolling one.
struct TrafficShift {
  std::vector<ShiftStep> steps;
  std::size_t at = 0;
  bool on_return = false;
  std::string source_id;  ///< the deployment that is replaced; empty for a service's first
  double baking_since = 0;
  std::vector<HookRun> hooks;
  bool is_applied = false;  ///< the listeners have this step's weights; not kept: they are set again
};

/// What DescribeServiceDeployments keeps of a deployment when it is gone from the service.
struct ServiceDeployment {
  std::string arn;
  std::string deployment_id;
  std::string status = "PENDING";
  std::string status_reason;
  std::vector<std::string> source_revisions;
  std::string target_revision;
  double created_at = 0;
  double started_at = 0;
  double updated_at = 0;
  double finished_at = 0;
  double stopped_at = 0;
  std::string rollback_reason;
  std::string rollback_revision;
  double rollback_started_at = 0;
  std::string breaker_status = "DISABLED";
  int failure_count = 0;
  int threshold = 0;
  base::Json configuration = base::Json::object();  ///< deploymentConfiguration when it began
  std::string alarms_status = "DISABLED";
  std::vector<std::string> triggered_alarms;
  double baking_since = 0;  ///< of a rolling one with alarms
  TrafficShift shift;

  [[nodiscard]] bool is_over() const { return finished_at > 0; }
  [[nodiscard]] bool is_rolling_back() const { return rollback_started_at > 0; }
  void finish(const std::string& end, double now) {
    status = end;
    finished_at = updated_at = now;
  }
};

/// A set of tasks that an external controller, or CodeDeploy, makes and scales.
struct TaskSet {
  Deployment set;  ///< its id, tasks, target groups and failures are those of a deployment
  std::string arn;
  std::string external_id;
  std::string started_by;
  double scale_percent = 0;
  base::Json definition = base::Json::object();  ///< the request's other members as they came
  base::Json tags = base::Json::array();
  bool is_steady = false;
  double stability_at = 0;

  [[nodiscard]] int computed_count(int desired) const;  ///< rounded up
};

struct ServiceRevision {
  std::string arn;
  std::string task_definition_arn;
  double created_at = 0;
  base::Json definition = base::Json::object();  ///< the service's when it was made
  base::Json load_balancers = base::Json::array();
  base::Json images = base::Json::array();  ///< as `containerImages`, once a task has pulled them
};

struct ServiceEvent {
  std::string id;
  double created_at = 0;
  std::string message;
};

/// How they stand in the state folder (ecs_kept_deployments.cpp).
base::Json to_json(const Deployment& deployment);
Deployment deployment_from_json(const base::Json& json);
base::Json to_json(const ServiceDeployment& record);
ServiceDeployment service_deployment_from_json(const base::Json& json);
base::Json to_json(const TaskSet& task_set);
TaskSet task_set_from_json(const base::Json& json);
base::Json to_json(const ServiceRevision& revision);
ServiceRevision service_revision_from_json(const base::Json& json);

}  // namespace emulator
