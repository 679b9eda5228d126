#include "ecs/failure_digest.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"

namespace ecs {

namespace {

constexpr int kLogLines = 20;
constexpr std::size_t kMostGroups = 5;

/// What a task's end looks like, without what differs from task to task.
std::string reason_of(const Task& task) {
  auto reason = task.stopped_reason.empty() ? std::string("stopped") : task.stopped_reason;
  for (const auto& container : task.containers) {
    if (container.exit_code && *container.exit_code != 0)
      reason += fmt::format("; container {} exited with code {}", container.name, *container.exit_code);
    if (!container.reason.empty()) reason += fmt::format(" ({}: {})", container.name, container.reason);
  }
  return reason;
}

/// The container to look at: the first that failed, else the first.
std::string container_of(const Task& task) {
  for (const auto& container : task.containers) {
    if (container.exit_code.value_or(0) != 0) return container.name;
  }
  return task.containers.empty() ? "" : task.containers.front().name;
}

std::vector<std::string> log_of(aws::Client& client, const Task& task, const std::string& container) {
  const auto definition = describe_task_definition(client, task.task_definition_arn);
  if (!definition) return {};
  for (const auto& entry : base::json_member(*definition, "containerDefinitions")) {
    const auto& configuration = base::json_member(entry, "logConfiguration");
    if (base::json_string(entry, "name") != container ||
        base::json_string(configuration, "logDriver") != "awslogs")
      continue;
    const auto& options = base::json_member(configuration, "options");
    const auto stream =
        fmt::format("{}/{}/{}", base::json_string(options, "awslogs-stream-prefix"), container, task.id);
    return last_log_lines(client, base::json_string(options, "awslogs-group"), stream, kLogLines)
        .value_or({});
  }
  return {};
}

bool is_health_report(const std::string& message) {
  return message.find("is unhealthy in") != std::string::npos ||
         message.find("failed container health checks") != std::string::npos ||
         message.find("unable to") != std::string::npos;
}

/// The event without its task's id, so that the same news is told once.
std::string without_task_id(const std::string& message) {
  const auto begin = message.find("(task ");
  const auto end = message.find(") ", begin == std::string::npos ? 0 : begin);
  if (begin == std::string::npos || end == std::string::npos) return message;
  return message.substr(0, begin) + message.substr(end + 2);
}

}  // namespace

FailureDigest digest_failure(aws::Client& client, const std::string& cluster, const Service& service,
                             const std::string& deployment_id, double since) {
  FailureDigest digest;
  for (const auto& task : list_tasks(client, cluster, service.name, TaskStatus::stopped).value_or({})) {
    if (task.started_by != deployment_id) continue;
    // Tasks that were stopped because the deployment was given up are no cause.
    if (task.stopped_reason.starts_with("Scaling activity initiated by")) continue;
    const auto reason = reason_of(task);
    const auto known = std::find_if(digest.groups.begin(), digest.groups.end(),
                                    [&](const FailureGroup& group) { return group.reason == reason; });
    if (known != digest.groups.end()) {
      ++known->tasks;
    } else if (digest.groups.size() < kMostGroups) {
      const auto container = container_of(task);
      digest.groups.push_back({reason, 1, container, task.id, log_of(client, task, container)});
    }
  }
  std::stable_sort(digest.groups.begin(), digest.groups.end(),
                   [](const FailureGroup& a, const FailureGroup& b) { return a.tasks > b.tasks; });
  for (auto event = service.events.rbegin(); event != service.events.rend(); ++event) {
    if (event->created_at < since || !is_health_report(event->message)) continue;
    auto text = without_task_id(event->message);
    if (std::find(digest.health_reports.begin(), digest.health_reports.end(), text) ==
        digest.health_reports.end()) {
      digest.health_reports.push_back(std::move(text));
    }
  }
  return digest;
}

std::vector<std::string> to_lines(const FailureDigest& digest) {
  std::vector<std::string> lines;
  for (const auto& report : digest.health_reports) lines.push_back(report);
  for (const auto& group : digest.groups) {
    lines.push_back(
        fmt::format("{} task{} stopped: {}", group.tasks, group.tasks == 1 ? "" : "s", group.reason));
    if (group.log_lines.empty()) continue;
    lines.push_back(fmt::format("last lines of container {} in task {}:", group.container, group.example));
    for (const auto& line : group.log_lines) lines.push_back("  " + line);
  }
  return lines;
}

}  // namespace ecs
