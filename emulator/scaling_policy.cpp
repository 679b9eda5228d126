#include "emulator/scaling_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/strings.h"

namespace emulator {

namespace {

constexpr double kMostTasksOfAService = 1'000'000;
constexpr double kUsualTrackingCooldown = 300;  // of ECS services
constexpr double kInfinity = std::numeric_limits<double>::infinity();

base::Error wrong_policy(std::string message) {
  return base::invalid_input(std::move(message));
}

struct Step {
  double lower;
  double upper;
  double adjustment;
};

Step step_of(const base::Json& declared) {
  return {base::json_number(declared, "MetricIntervalLowerBound", -kInfinity),
          base::json_number(declared, "MetricIntervalUpperBound", kInfinity),
          base::json_number(declared, "ScalingAdjustment")};
}

/// Bounds that face the threshold belong to the step.
bool covers(const Step& step, double breach) {
  if (breach >= 0) return step.lower <= breach && breach < step.upper;
  return step.lower < breach && breach <= step.upper;
}

/// A percentage's share as Application Auto Scaling rounds it: towards zero, but never to nothing.
double whole_change(double change) {
  if (change > 0) return std::max(1.0, std::floor(change));
  return change < 0 ? std::min(-1.0, std::ceil(change)) : 0;
}

int capacity_from(double wanted) {
  return static_cast<int>(std::clamp(wanted, 0.0, kMostTasksOfAService));
}

base::Result<void> check_steps(const base::Json& configuration) {
  constexpr std::array<std::string_view, 3> kTypes{"ChangeInCapacity", "PercentChangeInCapacity",
                                                   "ExactCapacity"};
  const auto type = base::json_string(configuration, "AdjustmentType");
  if (std::find(kTypes.begin(), kTypes.end(), type) == kTypes.end())
    return wrong_policy(
        fmt::format("AdjustmentType: expected one of {}, found '{}'", fmt::join(kTypes, ", "), type));
  const auto& steps = base::json_member(configuration, "StepAdjustments");
  if (!steps.is_array() || steps.empty()) return wrong_policy("StepAdjustments: at least one is needed");
  for (const auto& declared : steps) {
    if (!base::json_member(declared, "ScalingAdjustment").is_number_integer())
      return wrong_policy("ScalingAdjustment: a whole number is needed");
    const Step step = step_of(declared);
    if (!(step.lower < step.upper))
      return wrong_policy("StepAdjustments: a step's lower bound has to be below its upper bound");
  }
  return {};
}

struct TrackedMetric {
  std::string space;
  std::string name;
  std::string statistic;
  base::Json dimensions;
};

base::Json named_dimension(const std::string& name, const std::string& value) {
  return {{"Name", name}, {"Value", value}};
}

base::Result<TrackedMetric> predefined_metric(const base::Json& declared, const std::string& resource) {
  const auto type = base::json_string(declared, "PredefinedMetricType");
  const auto parts = base::split(resource, '/');  // service/CLUSTER/NAME
  const bool is_cpu = type == "ECSServiceAverageCPUUtilization";
  if (is_cpu || type == "ECSServiceAverageMemoryUtilization") {
    return TrackedMetric{
        "AWS/ECS", is_cpu ? "CPUUtilization" : "MemoryUtilization", "Average",
        base::Json::array({named_dimension("ClusterName", parts.size() > 1 ? parts[1] : ""),
                           named_dimension("ServiceName", parts.size() > 2 ? parts[2] : "")})};
  }
  if (type != "ALBRequestCountPerTarget")
    return wrong_policy(
        fmt::format("PredefinedMetricType: expected ECSServiceAverageCPUUtilization, "
                    "ECSServiceAverageMemoryUtilization or ALBRequestCountPerTarget, found '{}'",
                    type));
  // app/NAME/ID/targetgroup/NAME/ID
  const auto label = base::json_string(declared, "ResourceLabel");
  const auto group = label.find("targetgroup/");
  if (!label.starts_with("app/") || group == std::string::npos)
    return wrong_policy(fmt::format(
        "ResourceLabel: expected app/LOAD_BALANCER/ID/targetgroup/TARGET_GROUP/ID, found '{}'", label));
  return TrackedMetric{"AWS/ApplicationELB", "RequestCountPerTarget", "Sum",
                       base::Json::array({named_dimension("TargetGroup", label.substr(group))})};
}

base::Result<TrackedMetric> tracked_metric(const base::Json& configuration, const std::string& resource) {
  const auto& predefined = base::json_member(configuration, "PredefinedMetricSpecification");
  const auto& own = base::json_member(configuration, "CustomizedMetricSpecification");
  if (predefined.is_object() == own.is_object())
    return wrong_policy(
        "Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification is needed");
  if (predefined.is_object()) return predefined_metric(predefined, resource);
  const TrackedMetric metric{base::json_string(own, "Namespace"), base::json_string(own, "MetricName"),
                             base::json_string(own, "Statistic"), base::json_member(own, "Dimensions")};
  if (!metric.space.empty() && !metric.name.empty() && !metric.statistic.empty()) return metric;
  return wrong_policy("CustomizedMetricSpecification: Namespace, MetricName and Statistic are needed");
}

base::Json tracking_alarm(const base::Json& policy, const TrackedMetric& metric, const std::string& name) {
  const auto arn = base::json_string(policy, "PolicyARN");
  base::Json alarm = {
      {"AlarmName", name},
      {"AlarmDescription", "DO NOT EDIT OR DELETE. For TargetTrackingScaling policy " + arn + "."},
      {"AlarmActions", {arn}},
      {"Namespace", metric.space},
      {"MetricName", metric.name},
      {"Statistic", metric.statistic},
      {"Period", 60}};
  if (metric.dimensions.is_array()) alarm["Dimensions"] = metric.dimensions;
  return alarm;
}

}  // namespace

base::Result<void> check_scaling_policy(PolicyKind kind, const base::Json& configuration) {
  if (kind == PolicyKind::steps) return check_steps(configuration);
  if (!(base::json_number(configuration, "TargetValue") > 0))
    return wrong_policy("TargetValue: a number above 0 is needed");
  TRY(tracked_metric(configuration, ""));
  return {};
}

std::optional<int> stepped_capacity(const base::Json& configuration, int current, double breach) {
  const auto type = base::json_string(configuration, "AdjustmentType");
  for (const auto& declared : base::json_member(configuration, "StepAdjustments")) {
    const Step step = step_of(declared);
    if (!covers(step, breach)) continue;
    if (type == "ExactCapacity") return capacity_from(step.adjustment);
    double change = step.adjustment;
    if (type == "PercentChangeInCapacity") {
      const double least = base::json_number(configuration, "MinAdjustmentMagnitude", 1);
      change = whole_change(current * step.adjustment / 100);
      if (change != 0 && std::abs(change) < least) change = std::copysign(least, change);
    }
    return capacity_from(current + change);
  }
  return std::nullopt;
}

int tracked_capacity(const base::Json& configuration, int current, double metric) {
  return capacity_from(std::ceil(current * metric / base::json_number(configuration, "TargetValue", 1)));
}

Cooldowns cooldowns_of(PolicyKind kind, const base::Json& configuration) {
  if (kind == PolicyKind::steps) {
    const double both = base::json_number(configuration, "Cooldown", 0);
    return {both, both};
  }
  return {base::json_number(configuration, "ScaleOutCooldown", kUsualTrackingCooldown),
          base::json_number(configuration, "ScaleInCooldown", kUsualTrackingCooldown)};
}

std::vector<base::Json> tracking_alarms(const base::Json& policy, const std::string& unique_id) {
  const auto resource = base::json_string(policy, "ResourceId");
  const auto& configuration = base::json_member(policy, "TargetTrackingScalingPolicyConfiguration");
  const auto metric = tracked_metric(configuration, resource);
  if (!metric) return {};
  const double target = base::json_number(configuration, "TargetValue");
  const auto name = [&](const char* side) {
    return fmt::format("TargetTracking-{}-Alarm{}-{}", resource, side, unique_id);
  };
  std::vector<base::Json> alarms{tracking_alarm(policy, *metric, name("High"))};
  alarms[0].update(
      {{"EvaluationPeriods", 3}, {"Threshold", target}, {"ComparisonOperator", "GreaterThanThreshold"}});
  if (base::json_bool(configuration, "DisableScaleIn")) return alarms;
  alarms.push_back(tracking_alarm(policy, *metric, name("Low")));
  alarms[1].update(
      {{"EvaluationPeriods", 15}, {"Threshold", target * 0.9}, {"ComparisonOperator", "LessThanThreshold"}});
  return alarms;
}

}  // namespace emulator
