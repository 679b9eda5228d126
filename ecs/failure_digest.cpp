#include "ecs/failure_digest.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/json.h"
#include "base/strings.h"
#include "ecs/failure_cause.h"

namespace ecs {

namespace {

using base::Json;

constexpr std::string_view kTargetGroup = "targetgroup/";
constexpr int kLogLines = 20;
constexpr std::size_t kMostGroups = 5;

/// Containers to look at: those that failed, else the first.
std::vector<StoppedContainer> failed_containers(const Task& task) {
  std::vector<StoppedContainer> failed;
  for (const auto& container : task.containers) {
    if (container.exit_code.value_or(0) != 0) failed.push_back(container);
  }
  if (failed.empty() && !task.containers.empty()) failed.push_back(task.containers.front());
  return failed;
}

std::vector<std::string> log_of(aws::Client& client, const Json& definition, const std::string& container,
                                const std::string& task_id) {
  for (const auto& entry : base::json_member(definition, "containerDefinitions")) {
    const auto& configuration = base::json_member(entry, "logConfiguration");
    if (base::json_string(entry, "name") != container ||
        base::json_string(configuration, "logDriver") != "awslogs")
      continue;
    const auto& options = base::json_member(configuration, "options");
    const auto stream =
        fmt::format("{}/{}/{}", base::json_string(options, "awslogs-stream-prefix"), container, task_id);
    return last_log_lines(client, base::json_string(options, "awslogs-group"), stream, kLogLines)
        .value_or({});
  }
  return {};
}

FailureGroup group_of(aws::Client& client, const Task& task) {
  FailureGroup group{.cause = cause_of(task), .tasks = 1, .first_at = task.stopped_at, .example = task.id};
  const auto definition = describe_task_definition(client, task.task_definition_arn);
  for (const auto& container : failed_containers(task)) {
    if (group.image_digest.empty()) group.image_digest = container.image_digest;
    if (!definition) continue;
    auto lines = log_of(client, *definition, container.name, task.id);
    if (!lines.empty()) group.logs.push_back({container.name, std::move(lines)});
  }
  return group;
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

void add_report(FailureDigest& digest, std::string text) {
  auto& reports = digest.health_reports;
  if (std::find(reports.begin(), reports.end(), text) == reports.end()) reports.push_back(std::move(text));
}

void add_target_reports(FailureDigest& digest, aws::Client& client, const Service& service) {
  for (const auto& arn : service.target_groups) {
    std::map<std::string, int> alike;
    for (const auto& target : target_health(client, arn).value_or({})) {
      if (target.state != "unhealthy") continue;
      ++alike[target.description.empty() ? target.reason
                                         : fmt::format("{}: {}", target.reason, target.description)];
    }
    for (const auto& [reason, count] : alike) {
      add_report(digest, fmt::format("{} unhealthy target{} in {}: {}", count, count == 1 ? "" : "s",
                                     arn.substr(arn.find(kTargetGroup) + kTargetGroup.size()), reason));
    }
  }
}

std::string hint_of(const FailureDigest& digest) {
  const auto cause = digest.first_cause();
  const bool unhealthy = digest.groups.empty() || cause.find("health checks") != std::string::npos;
  // That a check failed is one thing; a report tells how.
  for (const auto& report : digest.health_reports) {
    if (auto hint = hint_for(report); unhealthy && !hint.empty()) return hint;
  }
  return hint_for(cause);
}

std::string tasks_text(int count) {
  return fmt::format("{} task{}", count, count == 1 ? "" : "s");
}

}  // namespace

std::string FailureDigest::first_cause() const {
  if (!groups.empty()) return groups.front().cause;
  return health_reports.empty() ? "" : health_reports.front();
}

FailureDigest digest_tasks(aws::Client& client, std::vector<Task> tasks) {
  FailureDigest digest;
  std::stable_sort(tasks.begin(), tasks.end(),
                   [](const Task& a, const Task& b) { return a.stopped_at < b.stopped_at; });
  for (const auto& task : tasks) {
    const auto cause = cause_of(task);
    const auto known = std::find_if(digest.groups.begin(), digest.groups.end(),
                                    [&](const FailureGroup& group) { return group.cause == cause; });
    if (known != digest.groups.end()) {
      ++known->tasks;
    } else if (digest.groups.size() < kMostGroups) {
      digest.groups.push_back(group_of(client, task));
    }
  }
  digest.hint = hint_of(digest);
  return digest;
}

FailureDigest digest_failure(aws::Client& client, const Service& service, const DigestRequest& request) {
  auto stopped = list_tasks(client, request.cluster, service.name, TaskStatus::stopped).value_or({});
  // Tasks that were stopped because the deployment was given up are no cause.
  std::erase_if(stopped, [&](const Task& task) {
    return task.started_by != request.deployment_id || was_scaled_in(task);
  });
  FailureDigest digest = digest_tasks(client, std::move(stopped));
  for (auto event = service.events.rbegin(); event != service.events.rend(); ++event) {
    if (event->created_at >= request.since && is_health_report(event->message))
      add_report(digest, without_task_id(event->message));
  }
  add_target_reports(digest, client, service);
  digest.hint = hint_of(digest);
  return digest;
}

std::vector<std::string> to_lines(const FailureDigest& digest) {
  std::vector<std::string> lines;
  for (const auto& group : digest.groups) {
    lines.push_back(fmt::format("{} stopped: {}", tasks_text(group.tasks), group.cause));
    if (!group.image_digest.empty()) lines.push_back("image " + group.image_digest);
    for (const auto& log : group.logs) {
      lines.push_back(fmt::format("last lines of container {} in task {}:", log.container, group.example));
      for (const auto& line : log.lines) lines.push_back("  " + line);
    }
  }
  for (const auto& report : digest.health_reports) lines.push_back(report);
  if (!digest.hint.empty()) lines.push_back("Hint: " + digest.hint);
  return lines;
}

std::string to_markdown(const FailureDigest& digest) {
  const auto cell = [](const std::string& text) {
    return base::replace_all(base::replace_all(text, "|", "\\|"), "\n", " ");
  };
  std::string text;
  if (!digest.groups.empty()) text += "| tasks | ended by | image |\n|---:|---|---|\n";
  for (const auto& group : digest.groups)
    text += fmt::format("| {} | {} | {} |\n", group.tasks, cell(group.cause), group.image_digest);
  for (const auto& report : digest.health_reports) text += fmt::format("\n- {}", report);
  if (!digest.hint.empty()) text += fmt::format("\n\n**Hint:** {}\n", digest.hint);
  for (const auto& group : digest.groups) {
    for (const auto& log : group.logs) {
      text += fmt::format("\n<details><summary>last lines of {} in task {}</summary>\n\n", log.container,
                          group.example);
      // Indented, so that no line of a log can end the block.
      for (const auto& line : log.lines) text += "    " + line + "\n";
      text += "\n</details>\n";
    }
  }
  return text;
}

}  // namespace ecs
