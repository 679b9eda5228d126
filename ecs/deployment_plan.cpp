#include "ecs/deployment_plan.h"

#include <fmt/format.h>

#include "base/json.h"

namespace ecs {
namespace {

constexpr int kPercent = 100;

}  // namespace

std::string revision_name(const std::string& task_definition_arn) {
  return task_definition_arn.substr(task_definition_arn.rfind('/') + 1);
}

DeploymentPlan make_deployment_plan(const Service& service, const DeploymentRequest& request) {
  DeploymentPlan plan;
  plan.request = request;
  plan.desired = request.desired_count.value_or(service.desired);
  plan.least_healthy = static_cast<int>(
      (static_cast<std::int64_t>(plan.desired) * service.minimum_healthy_percent + kPercent - 1) / kPercent);
  plan.most_running =
      static_cast<int>(static_cast<std::int64_t>(plan.desired) * service.maximum_percent / kPercent);
  plan.rolls_back = service.circuit_breaker && service.rolls_back;
  const auto* primary = service.primary();
  if (primary != nullptr) plan.replaces = primary->task_definition_arn;
  plan.starts_tasks =
      request.new_deployment == NewDeployment::forced || plan.replaces != request.task_definition_arn;
  return plan;
}

base::Json update_request(const DeploymentPlan& plan) {
  const DeploymentRequest& request = plan.request;
  base::Json json = {{"service", request.service},
                     {"cluster", request.cluster},
                     {"taskDefinition", request.task_definition_arn},
                     {"forceNewDeployment", request.new_deployment == NewDeployment::forced}};
  if (request.desired_count) json["desiredCount"] = *request.desired_count;
  if (request.enable_managed_tags) json["enableECSManagedTags"] = *request.enable_managed_tags;
  if (!request.propagate_tags.empty()) json["propagateTags"] = request.propagate_tags;
  if (!request.volume_configurations.is_null()) json["volumeConfigurations"] = request.volume_configurations;
  return json;
}

std::vector<std::string> concerns_of(const DeploymentPlan& plan) {
  std::vector<std::string> concerns;
  if (!plan.starts_tasks) {
    concerns.push_back(
        fmt::format("service {} runs {} already: no new deployment will start; set "
                    "force-new-deployment to replace its tasks all the same",
                    plan.request.service, revision_name(plan.replaces)));
    return concerns;
  }
  if (plan.desired == 0) {
    concerns.push_back(
        fmt::format("service {} has a desired count of 0: no task will start, so the new version "
                    "is not tried at all",
                    plan.request.service));
    return concerns;
  }
  if (plan.most_running <= plan.desired && plan.least_healthy >= plan.desired) {
    concerns.push_back(fmt::format(
        "this deployment can never end: at most {} tasks may run and at least {} of {} must, so none can be "
        "replaced. Raise maximumPercent or lower minimumHealthyPercent of service {}",
        plan.most_running, plan.least_healthy, plan.desired, plan.request.service));
  }
  if (plan.least_healthy == 0) {
    concerns.push_back(
        fmt::format("minimumHealthyPercent of service {} lets all tasks stop before new ones "
                    "answer: requests may fail",
                    plan.request.service));
  }
  return concerns;
}

std::string to_string(const DeploymentPlan& plan) {
  const std::string next = revision_name(plan.request.task_definition_arn);
  if (!plan.starts_tasks)
    return fmt::format("{} is what service {} runs already", next, plan.request.service);
  return fmt::format(
      "{} replaces {} in service {}: {} task{}, at least {} healthy and at most {} at once; {}", next,
      plan.replaces.empty() ? "nothing" : revision_name(plan.replaces), plan.request.service, plan.desired,
      plan.desired == 1 ? "" : "s", plan.least_healthy, plan.most_running,
      plan.rolls_back ? "a failure is rolled back by the circuit breaker" : "nothing rolls a failure back");
}

}  // namespace ecs
