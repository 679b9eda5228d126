#include "ecs/failure_cause.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace ecs {
namespace {

struct Hint {
  const char* first;   ///< the cause has this …
  const char* second;  ///< … and this, when it is not empty
  const char* advice;
};
// The first that fits counts.
constexpr Hint kHints[] = {
    {"CannotPullContainer", "platform",
     "the image is for another processor: build it for the task's cpuArchitecture, or set runtimePlatform"},
    {"CannotPullContainer", "not found",
     "no such image: push it before the deployment, and compare repository, tag and digest letter by letter"},
    {"CannotPullContainer", "denied",
     "the execution role may not pull: it needs ecr:GetAuthorizationToken, ecr:BatchGetImage and "
     "ecr:GetDownloadUrlForLayer, and another account's repository needs a policy"},
    {"CannotPullContainer", "403",
     "the execution role may not pull: it needs ecr:GetAuthorizationToken, ecr:BatchGetImage and "
     "ecr:GetDownloadUrlForLayer, and another account's repository needs a policy"},
    {"CannotPullContainer", "timeout",
     "the tasks' subnets have no way to the registry: a NAT gateway, VPC endpoints for ECR and S3, or "
     "assignPublicIp in a public subnet"},
    {"CannotPullContainer", "",
     "the image cannot be pulled: check its name, the execution role and the subnets' way to the registry"},
    {"ResourceInitializationError", "secret",
     "the execution role cannot read a secret: check its name and JSON key, secretsmanager:GetSecretValue or "
     "ssm:GetParameters, kms:Decrypt, and the subnets' way to the service"},
    {"ResourceInitializationError", "log",
     "the log group is missing or may not be written: create it, or set awslogs-create-group and "
     "logs:CreateLogGroup for the execution role"},
    {"ResourceInitializationError", "",
     "the task could not be prepared: check secrets, log group, volumes and the execution role"},
    {"exec format error", "",
     "the image is for another processor: build it for the task's cpuArchitecture, or set runtimePlatform"},
    {"OutOfMemory", "", "the container used more than its memory: raise memory in the task definition"},
    {"code 137", "",
     "the container was killed: by its memory limit, or because it did not end within stopTimeout"},
    {"code 127", "", "the command was not found in the image: check command and entryPoint"},
    {"code 126", "", "the command cannot be executed: check its mode and its interpreter"},
    {"code 139", "", "the program crashed on a memory access: run the image by hand to see where"},
    {"CannotStartContainer", "", "the container cannot be started: check command, entryPoint and volumes"},
    {"failed container health checks", "",
     "the healthCheck command of the task definition fails: run it in the image, and check startPeriod"},
    {"Health checks failed with these codes", "",
     "the health-check path answers something else than the target group's matcher: check path and matcher"},
    {"Request timed out", "",
     "nothing answers the health check: does the program listen on 0.0.0.0 and on the container port, do the "
     "security groups let the load balancer in, is healthCheckGracePeriodSeconds long enough?"},
    {"ELB health checks", "",
     "the load balancer's health check fails: check path, matcher, port, security groups and "
     "healthCheckGracePeriodSeconds"},
    {"RESOURCE:", "", "the cluster has no instance with enough room: add instances, or ask for less"},
    {"Capacity is unavailable", "",
     "no capacity at the moment: other zones or another capacity provider help"},
    {"EssentialContainerExited", "", "the program ended: its last lines say why"},
    {"Essential container in task exited", "", "the program ended: its last lines say why"},
};

bool contains_ignoring_case(std::string_view text, std::string_view part) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
  };
  return std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end();
}

}  // namespace

std::string cause_of(const Task& task) {
  auto cause = task.stopped_reason.empty() ? std::string("stopped") : task.stopped_reason;
  if (!task.stop_code.empty()) cause = fmt::format("{}: {}", task.stop_code, cause);
  for (const auto& container : task.containers) {
    if (container.exit_code && *container.exit_code != 0)
      cause += fmt::format("; container {} exited with code {}", container.name, *container.exit_code);
    // A task's reason often repeats its container's.
    if (!container.reason.empty() && cause.find(container.reason) == std::string::npos)
      cause += fmt::format(" ({}: {})", container.name, container.reason);
  }
  return cause;
}

bool is_hopeless(const Task& task) {
  const std::string cause = cause_of(task);
  if (task.stop_code == "TaskFailedToStart") return true;
  for (const char* word : {"CannotPullContainer", "ResourceInitializationError", "CannotStartContainer"}) {
    if (cause.find(word) != std::string::npos) return true;
  }
  return false;
}

bool was_scaled_in(const Task& task) {
  const bool unhealthy = task.stopped_reason.find("health checks") != std::string::npos;
  return (task.stop_code == "ServiceSchedulerInitiated" && !unhealthy) ||
         task.stopped_reason.starts_with("Scaling activity initiated by");
}

std::string hint_for(const std::string& cause) {
  for (const Hint& hint : kHints) {
    if (contains_ignoring_case(cause, hint.first) && contains_ignoring_case(cause, hint.second))
      return hint.advice;
  }
  return "";
}

}  // namespace ecs
