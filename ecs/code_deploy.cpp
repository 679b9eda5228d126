#include "ecs/code_deploy.h"

#include <fmt/format.h>

#include "base/crypto.h"
#include "base/strings.h"
#include "ecs/app_spec.h"
#include "ecs/silence.h"

namespace ecs {
namespace {

using base::Json;
using base::json_member;
using base::json_string;

constexpr std::size_t kLongestDescription = 512;
constexpr std::chrono::minutes kLongestWait{360};

std::string code_deploy_operation(std::string_view name) {
  return fmt::format("CodeDeploy_20141006.{}", name);
}

base::Result<Json> ask_code_deploy(aws::Client& client, std::string_view operation, const Json& request) {
  return client.call_json(aws::kCodeDeploy, code_deploy_operation(operation), request);
}

std::chrono::minutes minutes_of(const Json& configuration, const char* option, const char* key) {
  return std::chrono::minutes(base::json_integer(json_member(configuration, option), key));
}

base::Result<CodeDeployGroup> get_group(aws::Client& client, const std::string& application,
                                        const std::string& group) {
  TRY(const Json answer, ask_code_deploy(client, "GetDeploymentGroup",
                                         {{"applicationName", application}, {"deploymentGroupName", group}}));
  const Json& configuration =
      json_member(json_member(answer, "deploymentGroupInfo"), "blueGreenDeploymentConfiguration");
  return CodeDeployGroup{
      application, group, minutes_of(configuration, "deploymentReadyOption", "waitTimeInMinutes"),
      minutes_of(configuration, "terminateBlueInstancesOnDeploymentSuccess", "terminationWaitTimeInMinutes")};
}

std::string cut_description(const std::string& text) {
  if (text.size() <= kLongestDescription) return text;
  return std::string(base::clipped(text, kLongestDescription - 1)) + "…";
}

base::Result<Json> get_deployment(aws::Client& client, const std::string& id) {
  TRY(const Json answer, ask_code_deploy(client, "GetDeployment", {{"deploymentId", id}}));
  return json_member(answer, "deploymentInfo");
}

std::string reason_of(const Json& info) {
  const Json& error = json_member(info, "errorInformation");
  const auto code = json_string(error, "code");
  auto message = json_string(error, "message");
  if (code.empty()) return message;
  return message.empty() ? code : fmt::format("{}: {}", code, message);
}

/// One deployment, and the one that CodeDeploy starts to undo it.
class CodeDeployWatch {
 public:
  CodeDeployWatch(aws::Client& client, const CodeDeployOrder& order, std::string id, FollowNews news)
      : client_(client),
        order_(order),
        id_(std::move(id)),
        looked_at_(id_),
        news_(std::move(news)),
        silence_(*client.options().clock, news_.line) {}

  base::Result<std::optional<FollowedEnd>> look() {
    auto info = get_deployment(client_, looked_at_);
    if (!info && silence_.passes(info.error())) return std::optional<FollowedEnd>();
    if (!info) return std::move(info).error();
    silence_.end();
    tell(*info);
    const auto status = json_string(*info, "status");
    const bool is_way_back = looked_at_ != id_;
    if (status == "Succeeded") return some(is_way_back ? RolloutEnd::rolled_back : RolloutEnd::completed);
    if (status != "Failed" && status != "Stopped") return std::optional<FollowedEnd>();
    if (is_way_back) return some(RolloutEnd::rollback_failed);
    if (reason_.empty()) reason_ = reason_of(*info);
    const auto way_back = json_string(json_member(*info, "rollbackInfo"), "rollbackDeploymentId");
    if (!way_back.empty()) {
      looked_at_ = way_back;
      return std::optional<FollowedEnd>();
    }
    return some(status == "Failed" ? RolloutEnd::failed : RolloutEnd::stopped);
  }

  FollowedEnd end(RolloutEnd end) {
    FollowedEnd ended{end, sentence(end), {}, "", "", Json()};
    ended.json = {{"service", order_.service},
                  {"cluster", order_.cluster},
                  {"deployment_id", id_},
                  {"status", std::string(to_string(end))},
                  {"reason", reason_}};
    if (looked_at_ != id_) ended.json["rollback_deployment_id"] = looked_at_;
    if (end != RolloutEnd::completed) {
      ended.annotation = reason_;
      ended.details = events_;
    }
    ended.summary = fmt::format("### Deployment of {} to {}: {}\n\n{}\n", order_.service, order_.cluster,
                                to_string(end), ended.sentence);
    for (const auto& event : events_) ended.summary += fmt::format("\n- {}", event);
    return ended;
  }

 private:
  std::optional<FollowedEnd> some(RolloutEnd found) { return end(found); }

  std::string sentence(RolloutEnd end) const {
    const auto reason = reason_.empty() ? "unknown reason" : reason_;
    switch (end) {
      case RolloutEnd::completed:
        return fmt::format("CodeDeploy deployment {} succeeded", id_);
      case RolloutEnd::rolled_back:
        return fmt::format("CodeDeploy deployment {} FAILED and was rolled back by {}: {}", id_, looked_at_,
                           reason);
      case RolloutEnd::rollback_failed:
        return fmt::format("CodeDeploy deployment {} FAILED and its rollback {} FAILED, too: {}", id_,
                           looked_at_, reason);
      case RolloutEnd::stopped:
        return fmt::format("CodeDeploy deployment {} was stopped: {}", id_, reason);
      case RolloutEnd::timed_out:
        return fmt::format("CodeDeploy deployment {} did not end in time, and goes on", id_);
      case RolloutEnd::cancelled:
        return fmt::format("stopped following CodeDeploy deployment {}; it goes on", id_);
      case RolloutEnd::unknown:
        return fmt::format("lost sight of CodeDeploy deployment {}, which may go on", id_);
      default:
        return fmt::format("CodeDeploy deployment {} FAILED: {}", id_, reason);
    }
  }

  /// Life cycle events and task sets of the target, whenever they changed.
  void tell(const Json& info) {
    Json details = {{"service", order_.service},
                    {"cluster", order_.cluster},
                    {"deployment_id", looked_at_},
                    {"status", json_string(info, "status")}};
    const auto answer = ask_code_deploy(
        client_, "GetDeploymentTarget",
        {{"deploymentId", looked_at_}, {"targetId", fmt::format("{}:{}", order_.cluster, order_.service)}});
    std::vector<std::string> told;
    if (answer) {
      const Json& target = json_member(json_member(*answer, "deploymentTarget"), "ecsTarget");
      for (const Json& event : json_member(target, "lifecycleEvents")) {
        const auto status = json_string(event, "status");
        if (status == "Pending") continue;
        std::string line = fmt::format("{} {}", json_string(event, "lifecycleEventName"), status);
        const auto message = json_string(json_member(event, "diagnostics"), "message");
        told.push_back(message.empty() ? line : line + ": " + message);
      }
      for (const Json& set : json_member(target, "taskSetsInfo")) {
        told.push_back(fmt::format("{}: {} of {} tasks, {} % of the traffic",
                                   json_string(set, "taskSetLabel"), base::json_integer(set, "runningCount"),
                                   base::json_integer(set, "desiredCount"),
                                   base::json_number(set, "trafficWeight")));
      }
      details["target"] = target;
    }
    const auto shown = json_string(info, "status") + base::join(told, "\n");
    if (shown == shown_) return;
    for (const auto& line : told) {
      if (news_.line && shown_.find(line) == std::string::npos) news_.line("  " + line);
    }
    shown_ = shown;
    events_ = std::move(told);
    if (news_.event) news_.event("rollout", details);
  }

  aws::Client& client_;
  CodeDeployOrder order_;
  std::string id_;
  std::string looked_at_;
  FollowNews news_;
  std::string reason_;
  std::string shown_;
  std::vector<std::string> events_;
  Silence silence_;
};

}  // namespace

base::Result<CodeDeployGroup> find_code_deploy_group(aws::Client& client, const CodeDeployOrder& order) {
  // The console cuts the names that it makes, and AWS's command line cuts them elsewhere.
  constexpr std::size_t kCuts[] = {std::string::npos, 47, 46};
  base::Result<CodeDeployGroup> found = base::invalid_input("");
  for (const std::size_t cut : kCuts) {
    const auto suffix = fmt::format("{}-{}", order.cluster.substr(0, cut), order.service.substr(0, cut));
    auto tried = get_group(client, order.application.empty() ? "AppECS-" + suffix : order.application,
                           order.group.empty() ? "DgpECS-" + suffix : order.group);
    const bool is_missing = !tried && (tried.error().code == "ApplicationDoesNotExistException" ||
                                       tried.error().code == "DeploymentGroupDoesNotExistException");
    if (cut == std::string::npos) found = tried;
    if (tried || !is_missing) return tried;
  }
  return found;
}

base::Result<Followed> start_code_deploy(aws::Client& client, const CodeDeployOrder& order,
                                         const FollowNews& news) {
  TRY(const auto group, find_code_deploy_group(client, order));
  const auto content = app_spec_text(order.app_spec);
  const Json revision = {{"revisionType", "AppSpecContent"},
                         {"appSpecContent", {{"content", content}, {"sha256", base::sha256_hex(content)}}}};
  Json request = {
      {"applicationName", group.application}, {"deploymentGroupName", group.group}, {"revision", revision}};
  if (!order.description.empty()) request["description"] = cut_description(order.description);
  if (!order.config.empty()) request["deploymentConfigName"] = order.config;
  TRY(const Json answer,
      client.change_json(aws::kCodeDeploy, code_deploy_operation("CreateDeployment"), request));
  auto followed = follow_code_deploy(client, order, json_string(answer, "deploymentId"), news);
  followed.patience = std::min<std::chrono::seconds>(
      order.patience + group.ready_wait + group.termination_wait, kLongestWait);
  return followed;
}

Followed follow_code_deploy(aws::Client& client, const CodeDeployOrder& order, const std::string& id,
                            const FollowNews& news) {
  auto watch = std::make_shared<CodeDeployWatch>(client, order, id, news);
  Followed followed;
  followed.id = id;
  followed.patience = order.patience;
  followed.look = [watch] { return watch->look(); };
  followed.give_up = [watch](RolloutEnd end) { return watch->end(end); };
  followed.roll_back = [&client, id](const std::string&) { return stop_code_deploy(client, id); };
  return followed;
}

base::Result<std::string> running_code_deploy(aws::Client& client, const CodeDeployGroup& group) {
  TRY(const Json answer,
      ask_code_deploy(client, "ListDeployments",
                      {{"applicationName", group.application},
                       {"deploymentGroupName", group.group},
                       {"includeOnlyStatuses", {"Created", "Queued", "InProgress", "Ready"}}}));
  for (const Json& id : json_member(answer, "deployments")) return id.get<std::string>();
  return std::string();
}

base::Result<void> stop_code_deploy(aws::Client& client, const std::string& id) {
  TRY(client.change_json(aws::kCodeDeploy, code_deploy_operation("StopDeployment"),
                         {{"deploymentId", id}, {"autoRollbackEnabled", true}}));
  return {};
}

base::Result<Json> last_good_app_spec(aws::Client& client, const CodeDeployGroup& group) {
  TRY(const Json answer, ask_code_deploy(client, "ListDeployments",
                                         {{"applicationName", group.application},
                                          {"deploymentGroupName", group.group},
                                          {"includeOnlyStatuses", {"Succeeded"}}}));
  std::string current;
  for (const Json& id : json_member(answer, "deployments")) {
    if (!id.is_string()) continue;
    TRY(const Json info, get_deployment(client, id.get<std::string>()));
    const Json& revision = json_member(info, "revision");
    auto content = json_string(json_member(revision, "appSpecContent"), "content");
    if (content.empty()) content = json_string(json_member(revision, "string"), "content");
    if (current.empty()) {
      current = content;  // the newest one is what runs
    } else if (!content.empty() && content != current) {
      return base::parse_json(content).while_doing("reading the AppSpec of an earlier deployment");
    }
  }
  return base::make_error(
      base::ErrorKind::not_found,
      fmt::format("CodeDeploy has no earlier deployment of {} that succeeded: deploy a revision by hand",
                  group.group));
}

}  // namespace ecs
