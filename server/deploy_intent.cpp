#include "server/deploy_intent.h"

#include <fmt/format.h>

namespace server {

namespace {

constexpr std::string_view kDeployingActions[] = {"aws-actions/amazon-ecs-deploy-task-definition",
                                                  "aws-actions/amazon-ecs-deploy-express-service",
                                                  "aws-actions/aws-codedeploy"};

bool deploys(const workflow::Step& step) {
  if (!step.uses) return false;
  for (const auto action : kDeployingActions) {
    if (step.uses->text.starts_with(action)) return true;
  }
  return false;
}

}  // namespace

std::optional<std::string> deployment_of(const workflow::Job& job) {
  if (job.environment.present()) return fmt::format("the job {}, which has an environment,", job.id);
  for (const auto& step : job.steps) {
    if (deploys(step)) return fmt::format("the deployment of the job {}", job.id);
  }
  return std::nullopt;
}

}  // namespace server
