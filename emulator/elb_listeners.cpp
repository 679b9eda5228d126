// Listeners and rules, as the ELBv2 API has them.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/crypto.h"
#include "base/json.h"
#include "base/strings.h"
#include "emulator/elb_service.h"

namespace emulator {
namespace {

constexpr int kLongestStickiness = 604'800;
constexpr int kLargestPriority = 50'000;

ApiFailure listener_not_found() {
  return {"ListenerNotFound", "One or more listeners not found", 400};
}
ApiFailure rule_not_found() {
  return {"RuleNotFound", "One or more rules not found", 400};
}
std::variant<RouteDecision::FixedResponse, ApiFailure> fixed_response_of(const base::Json& config) {
  RouteDecision::FixedResponse fixed{integer_of(config, "StatusCode", 503),
                                     text_of(config, "ContentType", "text/plain"),
                                     text_of(config, "MessageBody")};
  if (fixed.status < 200 || fixed.status > 599 || fixed.status / 100 == 3)
    return validation("A fixed response's status code must be 2XX, 4XX or 5XX");
  constexpr std::string_view kTypes[] = {"text/plain", "text/css", "text/html", "application/javascript",
                                         "application/json"};
  if (std::find(std::begin(kTypes), std::end(kTypes), fixed.content_type) == std::end(kTypes))
    return validation(fmt::format("The content type '{}' is not valid", fixed.content_type));
  if (fixed.body.size() > 1024) return validation("A fixed response's body has at most 1024 characters");
  return fixed;
}

std::variant<RuleAction, ApiFailure> action_of(ElbState& state, const base::Json& actions) {
  RuleAction action;
  for (const base::Json& entry : actions) {
    const std::string type = text_of(entry, "Type");
    if (type == "fixed-response") {
      auto fixed = fixed_response_of(base::json_member(entry, "FixedResponseConfig"));
      if (const auto* failure = std::get_if<ApiFailure>(&fixed)) return *failure;
      action.fixed = std::get<RouteDecision::FixedResponse>(std::move(fixed));
      continue;
    }
    if (type != "forward") {
      return ApiFailure{
          "InvalidLoadBalancerAction",
          fmt::format("This emulator knows the actions forward and fixed-response, not '{}'", type), 400};
    }
    const base::Json& config = base::json_member(entry, "ForwardConfig");
    const base::Json& stickiness = base::json_member(config, "TargetGroupStickinessConfig");
    if (text_of(stickiness, "Enabled") == "true") {
      action.sticky_seconds = integer_of(stickiness, "DurationSeconds", 0);
      if (*action.sticky_seconds < 1 || *action.sticky_seconds > kLongestStickiness)
        return validation("Target group stickiness duration must be between 1 and 604800 seconds");
    }
    const base::Json& groups = base::json_member(config, "TargetGroups");
    for (const base::Json& group : groups) {
      action.forward.push_back({text_of(group, "TargetGroupArn"), integer_of(group, "Weight", 1)});
    }
    if (action.forward.empty()) action.forward.push_back({text_of(entry, "TargetGroupArn"), 1});
  }
  if (action.forward.empty() && !action.fixed) return validation("An action is needed");
  for (const WeightedGroup& group : action.forward) {
    if (state.find_target_group(group.arn) == nullptr)
      return ApiFailure{"TargetGroupNotFound", "One or more target groups not found", 400};
    if (group.weight < 0 || group.weight > 999)
      return validation("Target group weights must be between 0 and 999");
  }
  return action;
}

base::Json actions_json(const RuleAction& action) {
  if (action.fixed) {
    return base::Json::array({{{"Type", "fixed-response"},
                               {"FixedResponseConfig",
                                {{"MessageBody", action.fixed->body},
                                 {"StatusCode", std::to_string(action.fixed->status)},
                                 {"ContentType", action.fixed->content_type}}}}});
  }
  base::Json groups = base::Json::array();
  for (const WeightedGroup& group : action.forward)
    groups.push_back({{"TargetGroupArn", group.arn}, {"Weight", group.weight}});
  base::Json forward = {{"Type", "forward"}};
  if (action.forward.size() == 1) forward["TargetGroupArn"] = action.forward[0].arn;
  base::Json stickiness = {{"Enabled", action.sticky_seconds.has_value()}};
  if (action.sticky_seconds) stickiness["DurationSeconds"] = *action.sticky_seconds;
  forward["ForwardConfig"] = {{"TargetGroups", groups}, {"TargetGroupStickinessConfig", stickiness}};
  return base::Json::array({forward});
}

base::Json rule_json(const ListenerRule& rule) {
  return {{"RuleArn", rule.arn},
          {"Priority", rule.priority},
          {"Conditions", conditions_json(rule.conditions)},
          {"Actions", actions_json(rule.action)},
          {"IsDefault", rule.priority == "default"}};
}

base::Json listener_json(const ListenerRecord& listener) {
  return {{"ListenerArn", listener.arn},
          {"LoadBalancerArn", listener.load_balancer_arn},
          {"Port", listener.port()},
          {"Protocol", listener.protocol},
          {"DefaultActions", actions_json(listener.rules.back().action)}};
}

ApiResult create_listener(ElbState& state, const base::Json& input) {
  const LoadBalancer* balancer = state.find_load_balancer(text_of(input, "LoadBalancerArn"));
  if (balancer == nullptr)
    return ApiFailure{"LoadBalancerNotFound", "One or more load balancers not found", 400};
  const double port = number_of(input, "Port", -1);
  if (!(port >= 0 && port <= 65535)) return validation("A port between 1 and 65535 is needed");
  if (text_of(input, "Protocol", "HTTP") != "HTTP") {
    return ApiFailure{"UnsupportedProtocol", "This emulator listens by HTTP only: it has no certificates",
                      400};
  }
  auto action = action_of(state, base::json_member(input, "DefaultActions"));
  if (const auto* failure = std::get_if<ApiFailure>(&action)) return *failure;
  for (const auto& listener : state.listeners) {
    if (listener->load_balancer_arn == balancer->arn && port > 0 &&
        listener->port() == static_cast<int>(port)) {
      return ApiFailure{"DuplicateListener", "A listener already exists on this port for this load balancer",
                        400};
    }
  }
  auto listener = state.add_listener(*balancer, static_cast<int>(port), std::get<RuleAction>(action));
  if (!listener) return ApiFailure{"InvalidConfigurationRequest", listener.error().message, 400};
  keep_tags(state, (*listener)->arn, input);
  return base::Json{{"Listeners", base::Json::array({listener_json(**listener)})}};
}

ApiResult describe_listeners(ElbState& state, const base::Json& input) {
  const auto arns = texts_of(input, "ListenerArns");
  const std::string balancer = text_of(input, "LoadBalancerArn");
  base::Json list = base::Json::array();
  for (const std::string& arn : arns) {
    const ListenerRecord* listener = state.find_listener(arn);
    if (listener == nullptr) return listener_not_found();
    list.push_back(listener_json(*listener));
  }
  for (const auto& listener : state.listeners) {
    if (arns.empty() && (balancer.empty() || listener->load_balancer_arn == balancer))
      list.push_back(listener_json(*listener));
  }
  return base::Json{{"Listeners", list}};
}

ApiResult modify_listener(ElbState& state, const base::Json& input) {
  ListenerRecord* listener = state.find_listener(text_of(input, "ListenerArn"));
  if (listener == nullptr) return listener_not_found();
  if (integer_of(input, "Port", listener->port()) != listener->port()) {
    return ApiFailure{"InvalidConfigurationRequest",
                      "This emulator does not move a listener to another port: delete it and create one",
                      400};
  }
  if (!base::json_member(input, "DefaultActions").empty()) {
    auto action = action_of(state, input["DefaultActions"]);
    if (const auto* failure = std::get_if<ApiFailure>(&action)) return *failure;
    listener->rules.back().action = std::get<RuleAction>(action);
    state.note_use();
  }
  return base::Json{{"Listeners", base::Json::array({listener_json(*listener)})}};
}

ApiResult create_rule(ElbState& state, const base::Json& input) {
  ListenerRecord* listener = state.find_listener(text_of(input, "ListenerArn"));
  if (listener == nullptr) return listener_not_found();
  const auto priority = base::parse_integer(text_of(input, "Priority"));
  if (!priority || *priority < 1 || *priority > kLargestPriority)
    return validation("Rule priority must be between 1 and 50000");
  const auto place =
      std::find_if(listener->rules.begin(), listener->rules.end(), [&](const ListenerRule& rule) {
        return base::parse_integer(rule.priority).value_or(1'000'000) >= *priority;
      });
  if (place->priority == std::to_string(*priority)) {
    return ApiFailure{"PriorityInUse", fmt::format("Priority '{}' is currently in use", *priority), 400};
  }
  auto action = action_of(state, base::json_member(input, "Actions"));
  if (const auto* failure = std::get_if<ApiFailure>(&action)) return *failure;
  auto conditions = conditions_of(base::json_member(input, "Conditions"));
  if (const auto* failure = std::get_if<ApiFailure>(&conditions)) return *failure;
  ListenerRule rule;
  rule.arn = base::replace_all(listener->arn, ":listener/", ":listener-rule/") + "/" + base::random_hex(8);
  rule.priority = std::to_string(*priority);
  rule.conditions = std::get<std::vector<RuleCondition>>(conditions);
  rule.action = std::get<RuleAction>(action);
  keep_tags(state, rule.arn, input);
  const auto added = listener->rules.insert(place, std::move(rule));
  state.note_use();
  return base::Json{{"Rules", base::Json::array({rule_json(*added)})}};
}

ApiResult describe_rules(ElbState& state, const base::Json& input) {
  base::Json list = base::Json::array();
  const auto arns = texts_of(input, "RuleArns");
  for (const std::string& arn : arns) {
    const ListenerRule* rule = state.find_rule(arn);
    if (rule == nullptr) return rule_not_found();
    list.push_back(rule_json(*rule));
  }
  if (arns.empty()) {
    const ListenerRecord* listener = state.find_listener(text_of(input, "ListenerArn"));
    if (listener == nullptr) return listener_not_found();
    for (const ListenerRule& rule : listener->rules) list.push_back(rule_json(rule));
  }
  return base::Json{{"Rules", list}};
}

ApiResult modify_rule(ElbState& state, const base::Json& input) {
  ListenerRule* rule = state.find_rule(text_of(input, "RuleArn"));
  if (rule == nullptr) return rule_not_found();
  if (!base::json_member(input, "Actions").empty()) {
    auto action = action_of(state, input["Actions"]);
    if (const auto* failure = std::get_if<ApiFailure>(&action)) return *failure;
    rule->action = std::get<RuleAction>(action);
  }
  if (!base::json_member(input, "Conditions").empty()) {
    auto conditions = conditions_of(input["Conditions"]);
    if (const auto* failure = std::get_if<ApiFailure>(&conditions)) return *failure;
    rule->conditions = std::get<std::vector<RuleCondition>>(conditions);
  }
  state.note_use();
  return base::Json{{"Rules", base::Json::array({rule_json(*rule)})}};
}

int priority_of(const ListenerRule& rule) {
  constexpr int kDefaultRule = 1'000'000;
  return static_cast<int>(base::parse_integer(rule.priority).value_or(kDefaultRule));
}

ApiResult set_rule_priorities(ElbState& state, const base::Json& input) {
  std::map<std::string, int> wanted;
  for (const base::Json& entry : base::json_member(input, "RulePriorities")) {
    const std::string arn = text_of(entry, "RuleArn");
    const ListenerRule* rule = state.find_rule(arn);
    if (rule == nullptr) return rule_not_found();
    if (rule->priority == "default")
      return ApiFailure{"OperationNotPermitted", fmt::format("Default rule '{}' cannot be modified", arn),
                        400};
    wanted[arn] = integer_of(entry, "Priority", -1);
    if (wanted[arn] < 1 || wanted[arn] > kLargestPriority)
      return validation("Rule priority must be between 1 and 50000");
  }
  for (const auto& listener : state.listeners) {
    std::set<int> used;
    for (const ListenerRule& rule : listener->rules) {
      const auto change = wanted.find(rule.arn);
      const int priority = change == wanted.end() ? priority_of(rule) : change->second;
      if (!used.insert(priority).second)
        return ApiFailure{"PriorityInUse", fmt::format("Priority '{}' is currently in use", priority), 400};
    }
  }
  base::Json list = base::Json::array();
  for (const auto& listener : state.listeners) {
    for (ListenerRule& rule : listener->rules) {
      const auto change = wanted.find(rule.arn);
      if (change == wanted.end()) continue;
      rule.priority = std::to_string(change->second);
      list.push_back(rule_json(rule));
    }
    std::stable_sort(
        listener->rules.begin(), listener->rules.end(),
        [](const ListenerRule& a, const ListenerRule& b) { return priority_of(a) < priority_of(b); });
  }
  return base::Json{{"Rules", list}};
}

ApiResult delete_rule(ElbState& state, const base::Json& input) {
  const std::string arn = text_of(input, "RuleArn");
  const ListenerRule* rule = state.find_rule(arn);
  if (rule == nullptr) return rule_not_found();
  if (rule->priority == "default")
    return ApiFailure{"OperationNotPermitted", fmt::format("Default rule '{}' cannot be deleted", arn), 400};
  for (const auto& listener : state.listeners) {
    std::erase_if(listener->rules, [&](const ListenerRule& entry) { return entry.arn == arn; });
  }
  state.note_use();
  return base::Json::object();
}

}  // namespace

void add_listener_operations(ElbOperations& operations) {
  auto& functions = operations.functions;
  functions["CreateListener"] = create_listener;
  functions["DescribeListeners"] = describe_listeners;
  functions["ModifyListener"] = modify_listener;
  functions["CreateRule"] = create_rule;
  functions["DescribeRules"] = describe_rules;
  functions["ModifyRule"] = modify_rule;
  functions["DeleteRule"] = delete_rule;
  functions["SetRulePriorities"] = set_rule_priorities;
}

}  // namespace emulator
