// How deployments of CodeDeploy end that fail or are stopped, and how a new one takes them back.
#include <fmt/format.h>

#include "emulator/code_deploy_service.h"

namespace emulator {

/// Has it end; true once it is gone.
bool CodeDeploy::end_task_set(const CodeDeployment& deployment, const TargetSet& set) {
  base::Json request = service_of(deployment);
  request["taskSets"] = {set.task_set};
  const auto answer = world_.call_ecs("DescribeTaskSets", request);
  const base::Json& sets = answer ? base::json_member(*answer, "taskSets") : base::Json();
  if (!sets.is_array() || sets.empty()) return true;
  request["taskSet"] = set.task_set;
  request["force"] = true;
  if (base::json_string(sets[0], "status") != "DRAINING") (void)world_.call_ecs("DeleteTaskSet", request);
  return false;
}

/// A rollback: traffic, test traffic and the primary go back to the task set that had them; the other one
/// ends.
void CodeDeploy::take_back(CodeDeployment& deployment) {
  LifecycleEvent& event = deployment.events.front();
  base::Json request = service_of(deployment);
  if (event.status == "Pending") {
    event.status = "InProgress";
    event.start_time = now();
    share(deployment, "prodTrafficRoute", 100);
    share(deployment, "testTrafficRoute", 100);
    deployment.green_percent = 100;
    request["primaryTaskSet"] = deployment.green.task_set;
    if (auto primary = world_.call_ecs("UpdateServicePrimaryTaskSet", request); !primary)
      return fail(deployment, Cause::failure, "ECS_UPDATE_ERROR", primary.error().message);
    note_change();
  }
  if (!end_task_set(deployment, deployment.blue)) return;
  event.status = "Succeeded";
  event.end_time = deployment.complete_time = now();
  ++deployment.at;
  deployment.status = "Succeeded";
  note_change();
}

void CodeDeploy::fail(CodeDeployment& deployment, Cause cause, const std::string& code,
                      const std::string& message) {
  if (deployment.is_over()) return;
  deployment.status = cause == Cause::failure ? "Failed" : "Stopped";
  deployment.error_code = code;
  deployment.error_message = message;
  deployment.complete_time = now();
  for (LifecycleEvent& event : deployment.events) {
    if (event.status == "InProgress") {
      event.status = "Failed";
      event.end_time = now();
    } else if (event.status == "Pending") {
      event.status = "Skipped";
    }
  }
  note_change();
  roll_back(deployment, cause);
}

void CodeDeploy::roll_back(CodeDeployment& failed, Cause cause) {
  if (failed.is_rollback() || failed.green.task_set.empty()) return;  // nothing was changed yet
  const char* wanted = cause == Cause::failure ? "DEPLOYMENT_FAILURE"
                       : cause == Cause::alarm ? "DEPLOYMENT_STOP_ON_ALARM"
                                               : "DEPLOYMENT_STOP_ON_REQUEST";
  bool rolls_back = false;
  if (base::json_bool(failed.auto_rollback, "enabled")) {
    for (const base::Json& event : base::json_member(failed.auto_rollback, "events"))
      rolls_back = rolls_back || event == wanted;
  }
  if (!failed.stop_rollback.empty()) rolls_back = failed.stop_rollback == "yes";
  if (!rolls_back) return;
  CodeDeployment back;
  back.id = new_code_deployment_id();
  back.application = failed.application;
  back.group = failed.group;
  back.config_name = "CodeDeployDefault.ECSAllAtOnce";
  back.description = fmt::format("Rollback of deployment {}", failed.id);
  back.creator = "codeDeployRollback";
  back.revision = failed.previous_revision;
  back.group_info = failed.group_info;
  back.traffic = {{100, 0}};
  back.create_time = now();
  back.triggering_id = failed.id;
  back.rollback_message =
      fmt::format("Deployment {} rolls back deployment {}: {}", back.id, failed.id, failed.error_message);
  back.blue = failed.green;  // what is replaced, and what replaces it
  back.green = failed.blue;
  back.events = {LifecycleEvent{.name = "AllowTraffic"}};
  failed.rollback_id = back.id;
  failed.rollback_message = back.rollback_message;
  state_.deployments.push_back(std::move(back));
}

}  // namespace emulator
