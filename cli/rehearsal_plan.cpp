#include "cli/rehearsal_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace cli {

namespace {

using base::Json;
using base::json_member;
using base::json_string;
using base::Result;
using ecs::RolloutEnd;

constexpr int kGraceSeconds = 5;  // longer than a slow start, in this machine's time
constexpr int kShareMinutes = 2;  // that a part of the traffic, or all of it, bakes
constexpr int kHookMinutes = 10;  // that a hook of ECS may take
constexpr std::size_t kLongestGroupName = 32;
constexpr const char* kRole = "arn:aws:iam::000000000000:role/rehearsal";

constexpr std::array<std::string_view, kStrategies.size()> kStrategyNames{"rolling", "blue-green", "linear",
                                                                          "canary", "codedeploy"};
constexpr std::array<std::string_view, kMishaps.size()> kMishapNames{
    "none",           "crash",         "unhealthy",    "slow-health", "slow-start",    "missing-image",
    "missing-secret", "lost-registry", "no-capacity",  "throttling",  "expired-token", "identity-provider",
    "alarm",          "stop",          "failing-hook", "hanging-hook"};

template <typename Enum, std::size_t count>
Result<Enum> parse_name(const std::array<std::string_view, count>& names, const std::string& text,
                        std::string_view what) {
  const auto found = std::find(names.begin(), names.end(), text);
  if (found != names.end()) return static_cast<Enum>(found - names.begin());
  return base::invalid_input(
      fmt::format("{}: expected all or one of {}, found '{}'", what, fmt::join(names, ", "), text));
}

const Json* find_service(const Json& seed, const RehearsedService& service) {
  for (const auto& entry : json_member(seed, "services")) {
    if (json_string(entry, "name") == service.name &&
        json_string(entry, "cluster", "default") == service.cluster)
      return &entry;
  }
  return nullptr;
}

base::Error no_service(const RehearsedService& service) {
  return base::invalid_input(
      fmt::format("the seed has no service {} in cluster {}: a rehearsal needs it, with its load balancer",
                  service.name, service.cluster));
}

Result<ListenerPlace> listener_of_group(const Json& seed, const std::string& group) {
  for (const Json& balancer : json_member(seed, "load_balancers")) {
    const Json& listeners = json_member(balancer, "listeners");
    for (std::size_t i = 0; i < listeners.size(); ++i) {
      if (json_string(listeners[i], "target_group") == group)
        return ListenerPlace{json_string(balancer, "name"), i};
    }
  }
  return base::invalid_input(fmt::format("the seed has no listener of target group '{}'", group));
}

/// Where production traffic and test traffic come in, as seeds call listeners.
struct Entrances {
  std::string production, test;
};

/// The load balancer whose listener forwards to the group gets one more.
Result<Entrances> add_test_listener(Json& seed, const std::string& group) {
  TRY(const auto production, listener_of_group(seed, group));
  Entrances entrances{fmt::format("{}#{}", production.balancer, production.position + 1), ""};
  for (auto& balancer : seed["load_balancers"]) {
    if (json_string(balancer, "name") != production.balancer) continue;
    balancer["listeners"].push_back({{"port", 0}, {"target_group", group}});
    entrances.test = fmt::format("{}#{}", production.balancer, balancer["listeners"].size());
  }
  return entrances;
}

Result<std::string> add_second_group(Json& seed, const std::string& group) {
  for (const Json& entry : json_member(seed, "target_groups")) {
    if (json_string(entry, "name") != group) continue;
    Json second = entry;
    second["name"] = group.substr(0, kLongestGroupName - 2) + "-2";
    seed["target_groups"].push_back(second);
    return json_string(second, "name");
  }
  return base::invalid_input(fmt::format("the seed has no target group '{}'", group));
}

void add_alarm(Json& seed) {
  seed["alarms"].push_back({{"AlarmName", kRehearsalAlarm},
                            {"Namespace", "Rehearsal"},
                            {"MetricName", "NeverMeasured"},
                            {"Statistic", "Sum"},
                            {"Period", 60},
                            {"EvaluationPeriods", 1},
                            {"Threshold", 1},
                            {"ComparisonOperator", "GreaterThanThreshold"},
                            {"TreatMissingData", "notBreaching"}});
}

Json native_configuration(Strategy strategy, const std::string& function) {
  Json configuration = {
      {"strategy", "ROLLING"},
      {"deploymentCircuitBreaker", {{"enable", true}, {"rollback", true}}},
      {"alarms", {{"alarmNames", {kRehearsalAlarm}}, {"enable", true}, {"rollback", true}}}};
  if (strategy == Strategy::rolling) return configuration;
  configuration["bakeTimeInMinutes"] = kShareMinutes;
  configuration["lifecycleHooks"] = {
      {{"hookTargetArn", function},
       {"roleArn", kRole},
       {"lifecycleStages", {"POST_TEST_TRAFFIC_SHIFT"}},
       {"timeoutConfiguration", {{"timeoutInMinutes", kHookMinutes}, {"action", "ROLLBACK"}}}}};
  if (strategy == Strategy::blue_green) configuration["strategy"] = "BLUE_GREEN";
  if (strategy == Strategy::linear) {
    configuration["strategy"] = "LINEAR";
    configuration["linearConfiguration"] = {{"stepPercent", 50}, {"stepBakeTimeInMinutes", kShareMinutes}};
  }
  if (strategy == Strategy::canary) {
    configuration["strategy"] = "CANARY";
    configuration["canaryConfiguration"] = {{"canaryPercent", 20},
                                            {"canaryBakeTimeInMinutes", kShareMinutes}};
  }
  return configuration;
}

/// Without its names.
Json code_deploy_group(const RehearsedService& service, const std::string& group, const std::string& second,
                       const Entrances& entrances) {
  return {{"cluster", service.cluster},
          {"service", service.name},
          {"target_groups", {group, second}},
          {"production_listener", entrances.production},
          {"test_listener", entrances.test},
          {"deployment_config", "CodeDeployDefault.ECSCanary10Percent5Minutes"},
          {"termination_wait_minutes", 1},
          {"auto_rollback", {"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"}},
          {"alarms", {kRehearsalAlarm}}};
}

void take_free_ports(Json& seed) {
  if (!seed.contains("load_balancers")) return;
  for (auto& balancer : seed["load_balancers"]) {
    for (auto& listener : balancer["listeners"]) listener["port"] = 0;
  }
}

/// Takes out the service's groups; what the last of them is called stays.
Json take_code_deploy_names(Json& seed, const RehearsedService& service) {
  Json names = {{"application", fmt::format("AppECS-{}-{}", service.cluster, service.name)},
                {"deployment_group", fmt::format("DgpECS-{}-{}", service.cluster, service.name)}};
  if (!seed.contains("code_deploy")) seed["code_deploy"] = Json::array();
  std::erase_if(seed["code_deploy"].get_ref<Json::array_t&>(), [&](const Json& entry) {
    if (json_string(entry, "service") != service.name || json_string(entry, "cluster") != service.cluster)
      return false;
    for (auto& [key, name] : names.items()) name = json_string(entry, key, name.get<std::string>());
    return true;
  });
  return names;
}

/// Members are added to the seed before references into it are taken: adding moves what is there.
Result<void> set_strategy(Json& seed, const RehearsedService& service, Strategy strategy) {
  auto balancer = json_member(*find_service(seed, service), "load_balancers")[0];
  const auto group = json_string(balancer, "target_group");
  TRY(const auto entrances, add_test_listener(seed, group));
  TRY(const auto second, add_second_group(seed, group));
  const auto names = take_code_deploy_names(seed, service);
  for (const char* key : {"alternate_target_group", "production_listener", "test_listener"})
    balancer.erase(key);
  if (strategy == Strategy::code_deploy) {
    auto deployment_group = code_deploy_group(service, group, second, entrances);
    deployment_group.update(names);
    seed["code_deploy"].push_back(std::move(deployment_group));
  } else if (strategy != Strategy::rolling) {
    balancer["alternate_target_group"] = second;
    balancer["production_listener"] = entrances.production;
    balancer["test_listener"] = entrances.test;
  }
  const auto function = fmt::format("arn:aws:lambda:{}:{}:function:{}", json_string(seed, "region"),
                                    json_string(seed, "account"), kRehearsalHook);
  auto& declared = const_cast<Json&>(*find_service(seed, service));
  declared.erase("deploymentController");
  declared.erase("deploymentConfiguration");
  if (strategy == Strategy::code_deploy) {
    declared["deploymentController"] = {{"type", "CODE_DEPLOY"}};
  } else {
    declared["deploymentConfiguration"] = native_configuration(strategy, function);
  }
  declared["health_check_grace_period_seconds"] = kGraceSeconds;
  declared["load_balancers"][0] = balancer;
  return {};
}

}  // namespace

std::string_view to_string(Strategy strategy) {
  return kStrategyNames[static_cast<std::size_t>(strategy)];
}

std::string_view to_string(Mishap mishap) {
  return kMishapNames[static_cast<std::size_t>(mishap)];
}

Result<Strategy> parse_strategy(const std::string& text) {
  return parse_name<Strategy>(kStrategyNames, text, "--strategy");
}

Result<Mishap> parse_mishap(const std::string& text) {
  return parse_name<Mishap>(kMishapNames, text, "--fault");
}

std::optional<RolloutEnd> expected_end(Strategy strategy, Mishap mishap) {
  switch (mishap) {
    case Mishap::none:
    case Mishap::slow_start:
    case Mishap::throttling:
    case Mishap::expired_token:
    case Mishap::identity_provider:
      return RolloutEnd::completed;
    case Mishap::failing_hook:
    case Mishap::hanging_hook:
      if (strategy == Strategy::rolling) return std::nullopt;
      break;
    default:
      break;
  }
  return RolloutEnd::rolled_back;
}

const ecs::ReleaseItem* find_item(const ecs::Release& release, const RehearsedService& service) {
  for (const auto& item : release.items) {
    if (item.kind == ecs::ItemKind::service && item.service == service.name &&
        item.cluster == service.cluster)
      return &item;
  }
  return nullptr;
}

ecs::ReleaseItem* find_item(ecs::Release& release, const RehearsedService& service) {
  return const_cast<ecs::ReleaseItem*>(find_item(std::as_const(release), service));
}

Result<ListenerPlace> production_listener(const Json& seed, const RehearsedService& service) {
  const Json* declared = find_service(seed, service);
  if (declared == nullptr) return no_service(service);
  return listener_of_group(seed, json_string(json_member(*declared, "load_balancers").at(0), "target_group"));
}

Result<Strategy> declared_strategy(const Json& seed, const RehearsedService& service) {
  const Json* declared = find_service(seed, service);
  if (declared == nullptr) return no_service(service);
  if (json_string(json_member(*declared, "deploymentController"), "type") == "CODE_DEPLOY")
    return Strategy::code_deploy;
  const auto name = json_string(json_member(*declared, "deploymentConfiguration"), "strategy", "ROLLING");
  if (name == "BLUE_GREEN") return Strategy::blue_green;
  if (name == "LINEAR") return Strategy::linear;
  return name == "CANARY" ? Strategy::canary : Strategy::rolling;
}

Result<Json> rehearsal_seed(Json seed, const RehearsedService& service, Strategy strategy,
                            const StageProps& props) {
  const Json* declared = find_service(seed, service);
  if (declared == nullptr) return no_service(service);
  if (json_member(*declared, "load_balancers").empty())
    return base::invalid_input(fmt::format(
        "service {} of the seed has no load balancer: nothing could be asked meanwhile", service.name));
  if (!seed.contains("account")) seed["account"] = "123456789012";
  if (!seed.contains("region")) seed["region"] = "us-east-1";
  take_free_ports(seed);
  seed["users"].push_back({{"name", "rehearsal"},
                           {"access_key_id", props.access_key_id},
                           {"secret_access_key", props.secret_access_key}});
  seed["lambda_functions"].push_back({{"name", kRehearsalHook}, {"command", props.hook_command}});
  add_alarm(seed);
  TRY(set_strategy(seed, service, strategy));
  return seed;
}

}  // namespace cli
