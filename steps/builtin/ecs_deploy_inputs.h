#pragma once
// The inputs of aws-actions/amazon-ecs-deploy-task-definition, read and checked before anything is asked of
// AWS. Not for acting on them.

#include <chrono>
#include <optional>

#include "base/json.h"
#include "ecs/health_gate.h"
#include "steps/builtin_actions.h"

namespace steps::builtin {

/// What a problem that is found beforehand does.
enum class Preflight { fail, warn, off };

struct DeployInputs {
  base::Json definition;  ///< cleaned, as it will be registered
  std::chrono::seconds patience{1800};
  std::optional<int> desired_count;
  std::optional<bool> managed_tags;
  base::Json service_volumes;      ///< UpdateService's volumeConfigurations; null: none
  std::optional<base::Json> task;  ///< RunTask's input but for the task definition
  Preflight preflight = Preflight::fail;
  std::optional<ecs::HealthGate> gate;  ///< watched once the deployment has completed
};

base::Result<DeployInputs> read_deploy_inputs(const ActionCall& call, RunningJob& job);
/// The file that codedeploy-appspec names, YAML or JSON.
base::Result<base::Json> read_app_spec(const ActionCall& call, RunningJob& job);

}  // namespace steps::builtin
