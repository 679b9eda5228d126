#include "emulator/scaling_service.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto.h"
#include "base/log.h"
#include "base/strings.h"
#include "emulator/api_failure.h"
#include "emulator/json_file.h"

namespace emulator {

namespace {

constexpr std::size_t kMostTargets = 1000;
constexpr std::int64_t kMostCapacity = 1'000'000;

ApiFailure invalid_scaling(std::string message) {
  return failure("ValidationException", std::move(message));
}

std::string text(const base::Json& input, const char* member) {
  return base::json_string(input, member);
}

/// What is wrong with the three members that name a target, or "".
std::string resource_fault(const base::Json& input) {
  if (text(input, "ServiceNamespace") != "ecs")
    return fmt::format("Unsupported service namespace '{}': this emulator has ecs",
                       text(input, "ServiceNamespace"));
  const auto parts = base::split(text(input, "ResourceId"), '/');
  if (parts.size() != 3 || parts[0] != "service" || parts[1].empty() || parts[2].empty())
    return fmt::format("Unsupported resource id '{}': expected service/CLUSTER/NAME",
                       text(input, "ResourceId"));
  if (text(input, "ScalableDimension") != kServiceDesiredCount)
    return fmt::format("Unsupported scalable dimension '{}': expected {}", text(input, "ScalableDimension"),
                       kServiceDesiredCount);
  return "";
}

ApiFailure no_target(const base::Json& input) {
  return failure("ObjectNotFoundException",
                 fmt::format("No scalable target found for service namespace: ecs, resource ID: {}, scalable "
                             "dimension: {}",
                             text(input, "ResourceId"), kServiceDesiredCount));
}

bool lists_or_is_empty(const base::Json& list, const std::string& value) {
  return !list.is_array() || list.empty() || std::find(list.begin(), list.end(), value) != list.end();
}

bool is_capacity(const base::Json& value) {
  return value.is_number_integer() && value.get<std::int64_t>() >= 0 &&
         value.get<std::int64_t>() <= kMostCapacity;
}

}  // namespace

base::Result<std::unique_ptr<ScalableTargets>> ScalableTargets::open(Place place, base::Clock& clock,
                                                                     ScalingWorld world) {
  std::unique_ptr<ScalableTargets> targets(new ScalableTargets(std::move(place), clock, std::move(world)));
  TRY(const auto document, load_json_file(targets->place_.file));
  for (const auto& [id, target] : base::json_member(document, "targets").items())
    targets->targets_[id] = target;
  for (const auto& [id, policy] : base::json_member(document, "policies").items())
    targets->policies_[id] = policy;
  for (const auto& activity : base::json_member(document, "activities"))
    targets->activities_.push_back(activity);
  return targets;
}

std::string ScalableTargets::arn(std::string_view resource) const {
  return fmt::format("arn:aws:application-autoscaling:{}:{}:{}", place_.region, place_.account, resource);
}

void ScalableTargets::save() {
  const base::Json document = {{"targets", targets_}, {"policies", policies_}, {"activities", activities_}};
  if (auto saved = save_json_file(place_.file, document); !saved)
    base::log(base::LogLevel::error, saved.error().to_string());
}

ApiResult ScalableTargets::register_target(const base::Json& input) {
  if (auto fault = resource_fault(input); !fault.empty()) return invalid_scaling(std::move(fault));
  const std::lock_guard lock(mutex_);
  const auto id = text(input, "ResourceId");
  const auto known = targets_.find(id);
  base::Json target = known == targets_.end() ? base::Json::object() : known->second;
  if (known == targets_.end()) {
    if (targets_.size() >= kMostTargets)
      return failure("LimitExceededException", fmt::format("At most {} scalable targets.", kMostTargets));
    target = {{"ServiceNamespace", "ecs"},
              {"ResourceId", id},
              {"ScalableDimension", kServiceDesiredCount},
              {"RoleARN",
               fmt::format("arn:aws:iam::{}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/"
                           "AWSServiceRoleForApplicationAutoScaling_ECSService",
                           place_.account)},
              {"CreationTime", base::to_epoch_seconds(clock_.now())},
              {"ScalableTargetARN", arn("scalable-target/" + base::random_hex(16))},
              {"SuspendedState",
               {{"DynamicScalingInSuspended", false},
                {"DynamicScalingOutSuspended", false},
                {"ScheduledScalingSuspended", false}}}};
  }
  for (const char* member : {"MinCapacity", "MaxCapacity"}) {
    const auto& value = base::json_member(input, member);
    if (value.is_null() && target.contains(member)) continue;
    if (!is_capacity(value))
      return invalid_scaling(fmt::format("{}: expected a number from 0 to {}", member, kMostCapacity));
    target[member] = value;
  }
  if (target["MinCapacity"] > target["MaxCapacity"])
    return invalid_scaling("Maximum capacity cannot be less than minimum capacity");
  for (const auto& [name, suspended] : base::json_member(input, "SuspendedState").items()) {
    if (target["SuspendedState"].contains(name) && suspended.is_boolean())
      target["SuspendedState"][name] = suspended;
  }
  if (const auto role = text(input, "RoleARN"); !role.empty()) target["RoleARN"] = role;
  targets_[id] = target;
  save();
  return base::Json{{"ScalableTargetARN", target["ScalableTargetARN"]}};
}

ApiResult ScalableTargets::describe_targets(const base::Json& input) {
  const std::lock_guard lock(mutex_);
  base::Json list = base::Json::array();
  for (const auto& [id, target] : targets_) {
    if (lists_or_is_empty(base::json_member(input, "ResourceIds"), id) &&
        text(input, "ServiceNamespace") == "ecs")
      list.push_back(target);
  }
  return base::Json{{"ScalableTargets", std::move(list)}};
}

ApiResult ScalableTargets::deregister_target(const base::Json& input) {
  if (auto fault = resource_fault(input); !fault.empty()) return invalid_scaling(std::move(fault));
  const std::lock_guard lock(mutex_);
  const auto id = text(input, "ResourceId");
  if (targets_.erase(id) == 0) return no_target(input);
  for (auto it = policies_.begin(); it != policies_.end();) {
    const bool is_its = it->second["ResourceId"] == id;
    if (is_its) remove_alarms(it->second);
    it = is_its ? policies_.erase(it) : std::next(it);
  }
  save();
  return base::Json::object();
}

ApiResult ScalableTargets::put_policy(const base::Json& input) {
  if (auto fault = resource_fault(input); !fault.empty()) return invalid_scaling(std::move(fault));
  const std::lock_guard lock(mutex_);
  const auto name = text(input, "PolicyName");
  if (name.empty() || name.size() > 256) return invalid_scaling("PolicyName: expected 1 to 256 characters");
  if (!targets_.contains(text(input, "ResourceId"))) return no_target(input);
  const auto type = base::json_string(input, "PolicyType", "StepScaling");
  if (type != "StepScaling" && type != "TargetTrackingScaling")
    return invalid_scaling(
        fmt::format("PolicyType: '{}' is not emulated; StepScaling and TargetTrackingScaling are", type));
  const auto configuration =
      type == "StepScaling" ? "StepScalingPolicyConfiguration" : "TargetTrackingScalingPolicyConfiguration";
  if (!base::json_member(input, configuration).is_object())
    return invalid_scaling(fmt::format("{}: needed with the policy type {}", configuration, type));
  const auto kind = type == "StepScaling" ? PolicyKind::steps : PolicyKind::target_tracking;
  if (auto checked = check_scaling_policy(kind, input[configuration]); !checked)
    return invalid_scaling(checked.error().message);
  const auto key = text(input, "ResourceId") + "\n" + name;
  const auto known = policies_.find(key);
  base::Json policy = {
      {"PolicyARN", known == policies_.end()
                        ? base::Json(arn(fmt::format("scalingPolicy:{}:resource/ecs/{}:policyName/{}",
                                                     base::random_uuid(), text(input, "ResourceId"), name)))
                        : known->second["PolicyARN"]},
      {"PolicyName", name},
      {"ServiceNamespace", "ecs"},
      {"ResourceId", text(input, "ResourceId")},
      {"ScalableDimension", kServiceDesiredCount},
      {"PolicyType", type},
      {configuration, input[configuration]},
      {"Alarms", base::Json::array()},
      {"CreationTime", base::to_epoch_seconds(clock_.now())}};
  if (policies_.size() >= kMostTargets && known == policies_.end())
    return failure("LimitExceededException", fmt::format("At most {} scaling policies.", kMostTargets));
  if (known != policies_.end()) remove_alarms(known->second);
  if (auto declared = declare_alarms(policy); !declared) return invalid_scaling(declared.error().message);
  policies_[key] = policy;
  save();
  return base::Json{{"PolicyARN", policy["PolicyARN"]}, {"Alarms", policy["Alarms"]}};
}

base::Result<void> ScalableTargets::declare_alarms(base::Json& policy) {
  if (base::json_string(policy, "PolicyType") != "TargetTrackingScaling") return {};
  for (const auto& declared : tracking_alarms(policy, base::random_uuid())) {
    TRY(world_.alarms->put_metric_alarm(declared));
    const auto name = base::json_string(declared, "AlarmName");
    policy["Alarms"].push_back({{"AlarmName", name}, {"AlarmARN", world_.alarms->arn_of(name)}});
  }
  return {};
}

/// But those that somebody has deleted by hand.
void ScalableTargets::remove_alarms(const base::Json& policy) {
  for (const auto& alarm : base::json_member(policy, "Alarms"))
    (void)world_.alarms->remove({base::json_string(alarm, "AlarmName")});
}

ApiResult ScalableTargets::describe_policies(const base::Json& input) {
  const std::lock_guard lock(mutex_);
  const auto resource = text(input, "ResourceId");
  base::Json list = base::Json::array();
  for (const auto& [key, policy] : policies_) {
    const bool wanted = resource.empty() || policy["ResourceId"] == resource;
    if (wanted && text(input, "ServiceNamespace") == "ecs" &&
        lists_or_is_empty(base::json_member(input, "PolicyNames"), base::json_string(policy, "PolicyName")))
      list.push_back(policy);
  }
  return base::Json{{"ScalingPolicies", std::move(list)}};
}

ApiResult ScalableTargets::delete_policy(const base::Json& input) {
  if (auto fault = resource_fault(input); !fault.empty()) return invalid_scaling(std::move(fault));
  const std::lock_guard lock(mutex_);
  const auto found = policies_.find(text(input, "ResourceId") + "\n" + text(input, "PolicyName"));
  if (found == policies_.end())
    return failure("ObjectNotFoundException",
                   fmt::format("No scaling policy found with name: {}", text(input, "PolicyName")));
  remove_alarms(found->second);
  policies_.erase(found);
  save();
  return base::Json::object();
}

ApiResult ScalableTargets::describe_activities(const base::Json& input) {
  const std::lock_guard lock(mutex_);
  const auto resource = text(input, "ResourceId");
  base::Json list = base::Json::array();
  for (const auto& activity : activities_) {
    const bool wanted = resource.empty() || activity["ResourceId"] == resource;
    if (wanted && text(input, "ServiceNamespace") == "ecs") list.push_back(activity);
  }
  return base::Json{{"ScalingActivities", std::move(list)}};
}

/// A seed's `target_group` and `load_balancer` stand for the ResourceLabel, whose identifiers nobody knows
/// beforehand.
base::Result<void> ScalableTargets::name_target_group(base::Json& policy) const {
  const char* kConfiguration = "TargetTrackingScalingPolicyConfiguration";
  const char* kMetric = "PredefinedMetricSpecification";
  const base::Json& declared = base::json_member(base::json_member(policy, kConfiguration), kMetric);
  const auto group = text(declared, "target_group");
  if (group.empty()) return {};
  TRY(const auto dimensions, world_.dimensions_of(group, text(declared, "load_balancer")));
  auto& metric = policy[kConfiguration][kMetric];
  metric.erase("target_group");
  metric.erase("load_balancer");
  metric["ResourceLabel"] = fmt::format("{}/{}", text(dimensions[0], "Value"), text(dimensions[1], "Value"));
  return {};
}

// service: CLUSTER/NAME, min, max; policies in the words of PutScalingPolicy.
base::Result<void> ScalableTargets::apply_seed(const base::Json& seed) {
  const auto made = [](const ApiResult& result, const std::string& what) -> base::Result<void> {
    if (const auto* refused = std::get_if<ApiFailure>(&result))
      return base::invalid_input(fmt::format("the seed: scalable_targets: {}: {}", what, refused->message));
    return {};
  };
  for (const auto& entry : base::json_member(seed, "scalable_targets")) {
    const auto service = text(entry, "service");
    base::Json named = {{"ServiceNamespace", "ecs"},
                        {"ResourceId", "service/" + service},
                        {"ScalableDimension", kServiceDesiredCount}};
    base::Json target = named;
    target["MinCapacity"] = base::json_member(entry, "min");
    target["MaxCapacity"] = base::json_member(entry, "max");
    TRY(made(register_target(target), service));
    for (const auto& declared : base::json_member(entry, "policies")) {
      base::Json policy = declared;
      policy.update(named);
      TRY(name_target_group(policy).while_doing("reading the seed's scalable_targets"));
      const auto known = policies_.find("service/" + service + "\n" + text(policy, "PolicyName"));
      if (known == policies_.end()) TRY(made(put_policy(policy), text(policy, "PolicyName")));
    }
  }
  return {};
}

ServiceTable make_scaling_service(ScalableTargets& targets) {
  ServiceTable table{.name = "application-autoscaling",
                     .protocol = Protocol::json,
                     .target_prefix = "AnyScaleFrontendService"};
  const std::pair<const char*, ApiResult (ScalableTargets::*)(const base::Json&)> kOperations[] = {
      {"RegisterScalableTarget", &ScalableTargets::register_target},
      {"DescribeScalableTargets", &ScalableTargets::describe_targets},
      {"DeregisterScalableTarget", &ScalableTargets::deregister_target},
      {"PutScalingPolicy", &ScalableTargets::put_policy},
      {"DescribeScalingPolicies", &ScalableTargets::describe_policies},
      {"DeleteScalingPolicy", &ScalableTargets::delete_policy},
      {"DescribeScalingActivities", &ScalableTargets::describe_activities}};
  for (const auto& [name, operation] : kOperations) {
    table.operations[name] = [&targets, operation = operation](const ApiCall& call) {
      return (targets.*operation)(call.input);
    };
  }
  return table;
}

}  // namespace emulator
