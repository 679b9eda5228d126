#pragma once
// What CodeDeploy knows: applications, deployment groups, configurations, deployments with how far they came.
// Plain records behind one mutex. Who changes them: the API (code_deploy_service.h) and the loop that carries
// deployments out (code_deploy_loop.h).

#include <list>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "emulator/app_spec.h"
#include "emulator/code_deploy_configs.h"

namespace emulator {

struct LifecycleEvent {
  std::string name;
  std::string status = "Pending";
  double start_time = 0;
  double end_time = 0;
  std::string function;      ///< of its hook; empty: it has none
  std::string execution_id;  ///< PutLifecycleEventHookExecutionStatus names it
  std::string error_code;
  std::string message;
  bool is_called = false;  ///< not kept: a function is called again after a restart
};

/// One of the two task sets of a deployment.
struct TargetSet {
  std::string task_set;  ///< its ARN; empty before it is made
  std::string group_arn;
};

struct CodeDeployment {
  std::string id;
  std::string application;
  std::string group;
  std::string config_name;
  std::string description;
  std::string creator = "user";
  std::string status = "Created";
  base::Json revision;
  base::Json previous_revision;
  base::Json group_info;  ///< the deployment group when the deployment was made
  base::Json auto_rollback;
  base::Json alarms;
  AppSpec spec;
  std::vector<TrafficStep> traffic;
  double create_time = 0;
  double start_time = 0;
  double complete_time = 0;
  std::string error_code;
  std::string error_message;
  std::string rollback_id;
  std::string triggering_id;  ///< of a rollback: the deployment that it takes back
  std::string rollback_message;

  std::vector<LifecycleEvent> events;
  std::size_t at = 0;  ///< the event under way; behind the last: only the wait for the old task set is left
  TargetSet blue;
  TargetSet green;
  double green_percent = 0;
  std::size_t traffic_step = 0;
  double waiting_since = 0;  ///< ready, between two shifts, or before the old task set's end
  bool may_shift = false;    ///< ContinueDeployment(READY_WAIT), or there is nothing to wait for
  bool may_terminate = false;
  std::string stop_rollback;  ///< StopDeployment's wish: empty: none was made; else "yes" or "no"

  [[nodiscard]] bool is_over() const { return complete_time > 0; }
  [[nodiscard]] bool is_rollback() const { return !triggering_id.empty(); }
};

struct CodeDeployApplication {
  std::string name;
  std::string id;
  double create_time = 0;
  std::map<std::string, base::Json> groups;  ///< by name, as CreateDeploymentGroup had them
  struct Revision {
    base::Json location;
    std::string description;
    double registered_at = 0;
    double first_used_at = 0;
    double last_used_at = 0;
  };
  std::vector<Revision> revisions;
};

struct CodeDeployState {
  std::mutex mutex;
  std::map<std::string, CodeDeployApplication> applications;
  std::map<std::string, base::Json> configs;  ///< the account's own, as GetDeploymentConfig shows them
  std::list<CodeDeployment> deployments;      ///< oldest first

  CodeDeployment* find(std::string_view id);
  /// The one that is not over in that group; null when there is none.
  CodeDeployment* active_in(std::string_view application, std::string_view group);
};

/// `d-` and nine letters and digits.
std::string new_code_deployment_id();
/// What outlives a restart: all of it.
base::Json kept_state(CodeDeployState& state);
base::Result<void> load_kept_state(CodeDeployState& state, const base::Json& document);

}  // namespace emulator
