#pragma once
// The application specification of a CodeDeploy deployment to ECS: given the task definition, and written as
// the JSON that its checksum is made of. Pure.

#include <string>

#include "base/json.h"
#include "base/result.h"

namespace ecs {

/// Sets the task definition of every resource; keys are found whatever their case. Messages are those of
/// amazon-ecs-deploy-task-definition.
base::Result<void> set_task_definition(base::Json& app_spec, const std::string& task_definition_arn);
/// As JavaScript writes JSON: `version: 0.0` is 0.
std::string app_spec_text(const base::Json& app_spec);
/// One for a service without a file: its load balancer's container and port.
base::Json make_app_spec(const std::string& container, int port);

}  // namespace ecs
