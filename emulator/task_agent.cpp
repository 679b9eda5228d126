#include "emulator/task_agent.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto.h"
#include "base/json.h"
#include "emulator/policy.h"
#include "emulator/task_network.h"
#include "sandbox/process_usage.h"

namespace emulator {
namespace {

constexpr std::string_view kMetadata = "/v4/";
constexpr std::string_view kCredentials = "/task-credentials/";
constexpr int kSessionSeconds = 6 * 3600;
constexpr double kRenewBefore = 900;  // seconds
constexpr std::size_t kMostSamples = 1000;

base::ServerResponse agent_answer(int status, const base::Json& body) {
  base::ServerResponse response{.status = status};
  response.headers.emplace("Content-Type", "application/json");
  response.body = base::to_text(body);
  return response;
}

base::ServerResponse agent_refusal(int status, const std::string& code, const std::string& message) {
  return agent_answer(status, {{"code", code}, {"message", message}, {"HTTPErrorCode", status}});
}

std::string task_role(const TaskOrder& order) {
  return base::json_string(order.overrides, "taskRoleArn",
                           base::json_string(order.task_definition, "taskRoleArn"));
}

}  // namespace

TaskAgent::TaskAgent(Identity& identity, base::Clock& clock, Known known)
    : identity_(identity), clock_(clock), known_(std::move(known)), key_(base::random_bytes(32)) {}

std::string TaskAgent::secret_of(const std::string& task_id) const {
  return base::to_hex(base::as_text(base::hmac_sha256(key_, task_id)));
}

sandbox::EnvVars TaskAgent::variables(const TaskOrder& order, const std::string& container) const {
  const auto agent = fmt::format("http://127.0.0.1:{}", TaskNetwork::kAgentPort);
  sandbox::EnvVars variables{{"AWS_ENDPOINT_URL", agent},
                             {"ECS_CONTAINER_METADATA_URI_V4",
                              fmt::format("{}{}{}-{}", agent, kMetadata, order.task_id, container)}};
  if (!task_role(order).empty())
    variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] =
        fmt::format("{}{}{}/{}", agent, kCredentials, order.task_id, secret_of(order.task_id));
  return variables;
}

std::optional<base::ServerResponse> TaskAgent::answer(const base::ServerRequest& request) {
  const std::string_view path = request.path;
  if (path.starts_with(kMetadata)) return answer_metadata(path.substr(kMetadata.size()));
  if (path.starts_with(kCredentials)) return answer_credentials(path.substr(kCredentials.size()));
  return std::nullopt;
}

// TASK-CONTAINER, and behind it /task, /taskWithTags, /stats or /task/stats; a task's id has no dash.
base::ServerResponse TaskAgent::answer_metadata(std::string_view place) {
  const auto slash = place.find('/');
  const auto key = place.substr(0, slash);
  const auto what = slash == std::string_view::npos ? std::string_view() : place.substr(slash + 1);
  const auto dash = key.find('-');
  std::optional<base::Json> found;
  if (dash != std::string_view::npos) {
    const std::string task_id(key.substr(0, dash));
    const std::string container(key.substr(dash + 1));
    if (what.empty() || what == "task" || what == "taskWithTags")
      found = known_.metadata(task_id, what.empty() ? container : "");
    if (what == "stats" || what == "task/stats") found = stats_of(task_id, what == "stats" ? container : "");
  }
  if (!found)
    return agent_refusal(404, "NotFound", fmt::format("there are no metadata at {}{}", kMetadata, place));
  if (what == "task") found->erase("TaskTags");
  return agent_answer(200, *found);
}

/// Of the container, or of all that the task has, by docker id; null for those that do not run.
std::optional<base::Json> TaskAgent::stats_of(const std::string& task_id, const std::string& container) {
  const auto metadata = known_.metadata(task_id, "");
  if (!metadata) return std::nullopt;
  const auto usage = known_.usage(task_id);
  const std::lock_guard lock(mutex_);
  if (samples_.size() >= kMostSamples) samples_.clear();
  base::Json all = base::Json::object();
  for (const base::Json& known : base::json_member(*metadata, "Containers")) {
    MeasuredContainer measured{base::json_string(known, "DockerId"), base::json_string(known, "Name"), 0};
    if (!container.empty() && measured.name != container) continue;
    base::Json stats;
    if (usage && usage->containers.contains(measured.name)) {
      const ContainerUsage& of_it = usage->containers.at(measured.name);
      measured.memory_limit = of_it.memory_limit;
      const StatsSample now{clock_.now(), of_it.used, sandbox::machine_cpu_seconds()};
      const auto before = samples_.find(measured.docker_id);
      stats = container_stats(measured, now,
                              before == samples_.end() ? std::nullopt : std::optional(before->second));
      samples_[measured.docker_id] = now;
    }
    if (!container.empty()) return stats;
    all[measured.docker_id] = std::move(stats);
  }
  return container.empty() ? std::optional(all) : std::nullopt;
}

// TASK/SECRET
base::ServerResponse TaskAgent::answer_credentials(std::string_view place) {
  const std::string task_id(place.substr(0, place.find('/')));
  const auto secret = place.substr(std::min(place.size(), task_id.size() + 1));
  const auto role_arn = known_.role(task_id);
  if (!role_arn || !base::equal_in_constant_time(secret, secret_of(task_id)))
    return agent_refusal(400, "InvalidIdInRequest", "CredentialsV2Request: Credentials not found");
  const auto role = identity_.find_role(*role_arn);
  const auto trust = role ? evaluate_trust(role->trust_policy,
                                           {.action = "sts:AssumeRole", .service = "ecs-tasks.amazonaws.com"})
                          : TrustAnswer{false, "there is no such role"};
  if (!trust.allowed)
    return agent_refusal(
        400, "CredentialsNotAvailable",
        fmt::format("ECS was unable to assume the role '{}' that was provided for this task: {}", *role_arn,
                    trust.reason));
  const auto session = session_of(task_id, *role);
  return agent_answer(
      200, {{"RoleArn", *role_arn},
            {"AccessKeyId", session.access_key_id},
            {"SecretAccessKey", session.key.secret},
            {"Token", session.key.session_token},
            {"Expiration", base::format_iso8601(base::from_epoch_seconds(session.key.expires_at))}});
}

/// The one that a task has, until it is about to end.
Identity::Session TaskAgent::session_of(const std::string& task_id, const Role& role) {
  const std::lock_guard lock(mutex_);
  const auto now = clock_.now();
  const auto found = sessions_.find(task_id);
  if (found != sessions_.end() && found->second.key.expires_at > base::to_epoch_seconds(now) + kRenewBefore)
    return found->second;
  std::erase_if(sessions_, [&](const auto& entry) { return !known_.role(entry.first); });
  return sessions_[task_id] = identity_.start_session(role, task_id, kSessionSeconds, now);
}

}  // namespace emulator
