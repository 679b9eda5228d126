// Target groups, their targets and their health, as the ELBv2 API has them.
#include <fmt/format.h>

#include <cmath>

#include "base/json.h"
#include "emulator/elb_service.h"

namespace emulator {
namespace {

/// Whole seconds as AWS shows them; a fraction, which only a seed can give, is rounded up for clients'
/// integers.
std::int64_t whole(double seconds) {
  return static_cast<std::int64_t>(std::ceil(seconds));
}

base::Json group_json(const ElbState& state, const TargetGroupRecord& record) {
  const HealthCheckSettings check = record.group->health_check();
  return {{"TargetGroupArn", record.arn},
          {"TargetGroupName", record.name},
          {"Protocol", record.protocol},
          {"Port", record.port},
          {"VpcId", record.vpc_id},
          {"HealthCheckProtocol", check.protocol},
          {"HealthCheckPort", check.port},
          {"HealthCheckEnabled", check.enabled},
          {"HealthCheckIntervalSeconds", whole(check.interval_seconds)},
          {"HealthCheckTimeoutSeconds", whole(check.timeout_seconds)},
          {"HealthyThresholdCount", check.thresholds.healthy},
          {"UnhealthyThresholdCount", check.thresholds.unhealthy},
          {"HealthCheckPath", check.path},
          {"Matcher", {{"HttpCode", check.matcher}}},
          {"LoadBalancerArns", state.users_of(record.arn)},
          {"TargetType", record.target_type},
          {"ProtocolVersion", "HTTP1"},
          {"IpAddressType", "ipv4"}};
}

ApiFailure group_not_found() {
  return {"TargetGroupNotFound", "One or more target groups not found", 400};
}
/// The request's health check members over what is there.
std::variant<HealthCheckSettings, ApiFailure> changed_check(HealthCheckSettings check,
                                                            const base::Json& input) {
  check.enabled = text_of(input, "HealthCheckEnabled", check.enabled ? "true" : "false") == "true";
  check.protocol = text_of(input, "HealthCheckProtocol", check.protocol);
  check.port = text_of(input, "HealthCheckPort", check.port);
  check.path = text_of(input, "HealthCheckPath", check.path);
  check.interval_seconds = number_of(input, "HealthCheckIntervalSeconds", check.interval_seconds);
  check.timeout_seconds = number_of(input, "HealthCheckTimeoutSeconds", check.timeout_seconds);
  check.thresholds.healthy = integer_of(input, "HealthyThresholdCount", check.thresholds.healthy);
  check.thresholds.unhealthy = integer_of(input, "UnhealthyThresholdCount", check.thresholds.unhealthy);
  check.matcher = text_of(base::json_member(input, "Matcher"), "HttpCode", check.matcher);
  if (auto valid = check_settings(check); !valid) return validation(valid.error().message);
  return check;
}

ApiResult create_target_group(ElbState& state, const base::Json& input) {
  const std::string name = text_of(input, "Name");
  if (name.empty() || name.size() > 32)
    return validation("A target group name must have 1 to 32 characters.");
  if (state.find_target_group(name) != nullptr) {
    return ApiFailure{
        "DuplicateTargetGroupName",
        fmt::format("A target group with the same name '{}' exists, but with different settings", name), 400};
  }
  if (text_of(input, "Protocol", "HTTP") != "HTTP") return validation("This emulator forwards HTTP only.");
  const int port = integer_of(input, "Port", 80);
  if (port < 1 || port > 65535) return validation("A port between 1 and 65535 is needed");
  auto check = changed_check({}, input);
  if (const auto* failure = std::get_if<ApiFailure>(&check)) return *failure;
  TargetGroupRecord& record = state.add_target_group(name, std::get<HealthCheckSettings>(check), 300);
  record.port = port;
  record.target_type = text_of(input, "TargetType", "instance");
  record.vpc_id = text_of(input, "VpcId", record.vpc_id);
  keep_tags(state, record.arn, input);
  return base::Json{{"TargetGroups", base::Json::array({group_json(state, record)})}};
}

ApiResult describe_target_groups(ElbState& state, const base::Json& input) {
  std::vector<std::string> wanted = texts_of(input, "TargetGroupArns");
  for (const std::string& name : texts_of(input, "Names")) wanted.push_back(name);
  const std::string balancer = text_of(input, "LoadBalancerArn");
  base::Json list = base::Json::array();
  for (const std::string& name : wanted) {
    const TargetGroupRecord* record = state.find_target_group(name);
    if (record == nullptr) return group_not_found();
    list.push_back(group_json(state, *record));
  }
  for (const TargetGroupRecord& record : state.target_groups) {
    if (!wanted.empty()) break;
    const auto users = state.users_of(record.arn);
    if (balancer.empty() || std::find(users.begin(), users.end(), balancer) != users.end())
      list.push_back(group_json(state, record));
  }
  return base::Json{{"TargetGroups", list}};
}

ApiResult modify_target_group(ElbState& state, const base::Json& input) {
  TargetGroupRecord* record = state.find_target_group(text_of(input, "TargetGroupArn"));
  if (record == nullptr) return group_not_found();
  auto check = changed_check(record->group->health_check(), input);
  if (const auto* failure = std::get_if<ApiFailure>(&check)) return *failure;
  record->group->change(std::get<HealthCheckSettings>(check), record->group->deregistration_delay_seconds());
  return base::Json{{"TargetGroups", base::Json::array({group_json(state, *record)})}};
}

ApiResult delete_target_group(ElbState& state, const base::Json& input) {
  const std::string arn = text_of(input, "TargetGroupArn");
  if (state.find_target_group(arn) == nullptr) return base::Json::object();
  if (!state.users_of(arn).empty()) {
    return ApiFailure{"ResourceInUse",
                      fmt::format("Target group '{}' is currently in use by a listener or a rule", arn), 400};
  }
  std::erase_if(state.target_groups, [&](const TargetGroupRecord& record) { return record.arn == arn; });
  return base::Json::object();
}

ApiResult target_group_attributes(ElbState& state, const base::Json& input) {
  TargetGroupRecord* record = state.find_target_group(text_of(input, "TargetGroupArn"));
  if (record == nullptr) return group_not_found();
  constexpr const char* kDelay = "deregistration_delay.timeout_seconds";
  for (const base::Json& entry : base::json_member(input, "Attributes")) {
    const std::string key = text_of(entry, "Key");
    if (key != kDelay) {
      record->attributes[key] = text_of(entry, "Value");
      continue;
    }
    const double delay = number_of(entry, "Value", -1);
    if (auto valid = check_deregistration_delay(delay); !valid) return validation(valid.error().message);
    record->group->change(record->group->health_check(), delay);
  }
  std::map<std::string, std::string> all = {{"stickiness.enabled", "false"},
                                            {"stickiness.type", "lb_cookie"},
                                            {"slow_start.duration_seconds", "0"},
                                            {"load_balancing.algorithm.type", "round_robin"}};
  for (const auto& [key, value] : record->attributes) all[key] = value;
  all[kDelay] = std::to_string(whole(record->group->deregistration_delay_seconds()));
  base::Json list = base::Json::array();
  for (const auto& [key, value] : all) list.push_back({{"Key", key}, {"Value", value}});
  return base::Json{{"Attributes", list}};
}

std::variant<std::vector<TargetId>, ApiFailure> targets_of(const TargetGroupRecord& record,
                                                           const base::Json& input) {
  std::vector<TargetId> targets;
  for (const base::Json& entry : base::json_member(input, "Targets")) {
    const std::string address = text_of(entry, "Id");
    const double port = number_of(entry, "Port", record.port);
    if (address.empty() || !(port >= 1 && port <= 65535)) {
      return ApiFailure{
          "InvalidTarget",
          fmt::format("The target '{}' is not valid: an address and a port are needed", address), 400};
    }
    targets.push_back({address, static_cast<std::uint16_t>(port)});
  }
  return targets;
}

ApiResult register_targets(ElbState& state, const base::Json& input) {
  TargetGroupRecord* record = state.find_target_group(text_of(input, "TargetGroupArn"));
  if (record == nullptr) return group_not_found();
  auto targets = targets_of(*record, input);
  if (const auto* failure = std::get_if<ApiFailure>(&targets)) return *failure;
  for (const TargetId& id : std::get<std::vector<TargetId>>(targets)) record->group->register_target(id);
  return base::Json::object();
}

ApiResult deregister_targets(ElbState& state, const base::Json& input) {
  TargetGroupRecord* record = state.find_target_group(text_of(input, "TargetGroupArn"));
  if (record == nullptr) return group_not_found();
  auto targets = targets_of(*record, input);
  if (const auto* failure = std::get_if<ApiFailure>(&targets)) return *failure;
  for (const TargetId& id : std::get<std::vector<TargetId>>(targets)) record->group->deregister_target(id);
  return base::Json::object();
}

base::Json health_json(const HealthCheckSettings& check, const TargetId& id, const TargetHealth& health) {
  base::Json state = {{"State", std::string(name_of(health.state))}};
  if (!health.reason.empty()) state["Reason"] = health.reason;
  if (!health.description.empty()) state["Description"] = health.description;
  return {{"Target", {{"Id", id.address}, {"Port", id.port}}},
          {"HealthCheckPort", check.port == "traffic-port" ? std::to_string(id.port) : check.port},
          {"TargetHealth", state}};
}

ApiResult describe_target_health(ElbState& state, const base::Json& input) {
  TargetGroupRecord* record = state.find_target_group(text_of(input, "TargetGroupArn"));
  if (record == nullptr) return group_not_found();
  const HealthCheckSettings check = record->group->health_check();
  auto wanted = targets_of(*record, input);
  if (const auto* failure = std::get_if<ApiFailure>(&wanted)) return *failure;
  base::Json list = base::Json::array();
  const auto& ids = std::get<std::vector<TargetId>>(wanted);
  for (const TargetId& id : ids) list.push_back(health_json(check, id, record->group->health_of(id)));
  if (ids.empty()) {
    for (const TargetView& view : record->group->targets())
      list.push_back(health_json(check, view.id, view.health));
  }
  return base::Json{{"TargetHealthDescriptions", list}};
}

}  // namespace

void add_target_group_operations(ElbOperations& operations) {
  auto& functions = operations.functions;
  functions["CreateTargetGroup"] = create_target_group;
  functions["DescribeTargetGroups"] = describe_target_groups;
  functions["ModifyTargetGroup"] = modify_target_group;
  functions["DeleteTargetGroup"] = delete_target_group;
  functions["DescribeTargetGroupAttributes"] = target_group_attributes;
  functions["ModifyTargetGroupAttributes"] = target_group_attributes;
  functions["RegisterTargets"] = register_targets;
  functions["DeregisterTargets"] = deregister_targets;
  functions["DescribeTargetHealth"] = describe_target_health;
}

}  // namespace emulator
