#include "emulator/deployment_strategy.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/json.h"

namespace emulator {
namespace {

constexpr const char* kStrategies[] = {"ROLLING", "BLUE_GREEN", "LINEAR", "CANARY"};
constexpr const char* kHookStages[] = {"RECONCILE_SERVICE",
                                       "PRE_SCALE_UP",
                                       "POST_SCALE_UP",
                                       "TEST_TRAFFIC_SHIFT",
                                       "POST_TEST_TRAFFIC_SHIFT",
                                       "PRE_PRODUCTION_TRAFFIC_SHIFT",
                                       "PRODUCTION_TRAFFIC_SHIFT",
                                       "POST_PRODUCTION_TRAFFIC_SHIFT"};
constexpr double kLongestBakeMinutes = 1440;
constexpr double kLongestHookMinutes = 20160;
constexpr double kHundred = 100;

struct Percentages {
  const char* name;
  double lowest;
};

base::Result<void> check_minutes(const base::Json& object, const char* key, double longest) {
  const base::Json& value = base::json_member(object, key);
  if (value.is_null()) return {};
  const double minutes = value.is_number() ? value.get<double>() : -1;
  if (minutes >= 0 && minutes <= longest) return {};
  return base::invalid_input(
      fmt::format("{} must be a number between 0 and {}: found {}.", key, longest, base::to_text(value)));
}

base::Result<void> check_percent(const base::Json& object, Percentages allowed) {
  const base::Json& value = base::json_member(object, allowed.name);
  if (value.is_null()) return {};
  const double percent = value.is_number() ? value.get<double>() : -1;
  const double tenths = percent * 10;
  if (percent >= allowed.lowest && percent <= kHundred && std::abs(tenths - std::round(tenths)) < 1e-6)
    return {};
  return base::invalid_input(fmt::format("{} must be a multiple of 0.1 between {:.1f} and 100.0: found {}.",
                                         allowed.name, allowed.lowest, base::to_text(value)));
}

template <std::size_t N>
bool is_one_of(const std::string& text, const char* const (&names)[N]) {
  return std::find(std::begin(names), std::end(names), text) != std::end(names);
}

base::Result<void> check_hook(const base::Json& hook) {
  const std::string type = base::json_string(hook, "targetType", "AWS_LAMBDA");
  if (type != "AWS_LAMBDA" && type != "PAUSE")
    return base::invalid_input(
        fmt::format("The lifecycle hook's targetType {} must be AWS_LAMBDA or PAUSE.", type));
  if (type == "AWS_LAMBDA" && base::json_string(hook, "hookTargetArn").empty())
    return base::invalid_input("hookTargetArn must be provided for an AWS_LAMBDA lifecycle hook.");
  const base::Json& stages = base::json_member(hook, "lifecycleStages");
  if (!stages.is_array() || stages.empty())
    return base::invalid_input("lifecycleStages must be provided for a lifecycle hook.");
  for (const base::Json& stage : stages) {
    if (!stage.is_string() || !is_one_of(stage.get<std::string>(), kHookStages))
      return base::invalid_input(
          fmt::format("{} is no lifecycle stage that has hooks.", base::to_text(stage)));
  }
  const base::Json& timeout = base::json_member(hook, "timeoutConfiguration");
  const std::string action = base::json_string(timeout, "action", "ROLLBACK");
  if (action != "ROLLBACK" && action != "CONTINUE")
    return base::invalid_input(fmt::format("The timeout action {} must be ROLLBACK or CONTINUE.", action));
  return check_minutes(timeout, "timeoutInMinutes", kLongestHookMinutes);
}

/// The production steps: share and bake, the last one being 100 % without a bake of its own.
std::vector<ShiftStep> production_steps(const base::Json& configuration) {
  const auto step = [](double percent, double minutes) {
    return ShiftStep{"PRODUCTION_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT", kHundred, percent, minutes};
  };
  std::vector<ShiftStep> steps;
  const std::string strategy = strategy_of(configuration);
  if (strategy == "LINEAR") {
    const base::Json& linear = base::json_member(configuration, "linearConfiguration");
    const double size = base::json_number(linear, "stepPercent", 10);
    const double minutes = base::json_number(linear, "stepBakeTimeInMinutes", 6);
    // Tenths, so that ten times 10 % is 100 % and not a little less.
    const auto tenths = static_cast<int>(std::lround(size * 10));
    for (int at = tenths; at < 1000; at += tenths) steps.push_back(step(at / 10.0, minutes));
  } else if (strategy == "CANARY") {
    const base::Json& canary = base::json_member(configuration, "canaryConfiguration");
    const double percent = base::json_number(canary, "canaryPercent", 5);
    if (percent < kHundred)
      steps.push_back(step(percent, base::json_number(canary, "canaryBakeTimeInMinutes", 10)));
  }
  steps.push_back(step(kHundred, 0));
  return steps;
}

}  // namespace

std::string strategy_of(const base::Json& deployment_configuration) {
  return base::json_string(deployment_configuration, "strategy", "ROLLING");
}

bool shifts_traffic(const base::Json& deployment_configuration) {
  return strategy_of(deployment_configuration) != "ROLLING";
}

base::Result<void> check_strategy(const base::Json& deployment_configuration) {
  const base::Json& configuration = deployment_configuration;
  const std::string strategy = strategy_of(configuration);
  if (!is_one_of(strategy, kStrategies))
    return base::invalid_input(fmt::format(
        "Invalid deployment strategy {}: it must be ROLLING, BLUE_GREEN, LINEAR or CANARY.", strategy));
  if (strategy != "LINEAR" && base::json_member(configuration, "linearConfiguration").is_object())
    return base::invalid_input("linearConfiguration is only valid with the LINEAR deployment strategy.");
  if (strategy != "CANARY" && base::json_member(configuration, "canaryConfiguration").is_object())
    return base::invalid_input("canaryConfiguration is only valid with the CANARY deployment strategy.");
  TRY(check_minutes(configuration, "bakeTimeInMinutes", kLongestBakeMinutes));
  const base::Json& linear = base::json_member(configuration, "linearConfiguration");
  TRY(check_percent(linear, {"stepPercent", 3.0}));
  TRY(check_minutes(linear, "stepBakeTimeInMinutes", kLongestBakeMinutes));
  const base::Json& canary = base::json_member(configuration, "canaryConfiguration");
  TRY(check_percent(canary, {"canaryPercent", 0.1}));
  TRY(check_minutes(canary, "canaryBakeTimeInMinutes", kLongestBakeMinutes));
  const base::Json& hooks = base::json_member(configuration, "lifecycleHooks");
  if (!hooks.is_null() && !hooks.is_array())
    return base::invalid_input("lifecycleHooks must be a list of lifecycle hooks.");
  for (const base::Json& hook : hooks) TRY(check_hook(hook));
  return {};
}

std::vector<ShiftStep> plan_shift(const base::Json& deployment_configuration, ShiftStart start) {
  std::vector<ShiftStep> steps;
  // Only when a deployment begins before an earlier one is over.
  if (start.source_revisions > 1) steps.push_back({"RECONCILE_SERVICE", "RECONCILE_SERVICE", 0, 0, 0});
  steps.push_back({"PRE_SCALE_UP", "PRE_SCALE_UP", 0, 0, 0});
  steps.push_back({"SCALE_UP", "", 0, 0, 0});
  steps.push_back({"POST_SCALE_UP", "POST_SCALE_UP", 0, 0, 0});
  steps.push_back({"TEST_TRAFFIC_SHIFT", "TEST_TRAFFIC_SHIFT", kHundred, 0, 0});
  steps.push_back({"POST_TEST_TRAFFIC_SHIFT", "POST_TEST_TRAFFIC_SHIFT", kHundred, 0, 0});
  std::vector<ShiftStep> production = production_steps(deployment_configuration);
  if (start.source_revisions == 0) production.erase(production.begin(), production.end() - 1);
  double before = 0;
  for (const ShiftStep& step : production) {
    steps.push_back({"PRODUCTION_TRAFFIC_SHIFT", "PRE_PRODUCTION_TRAFFIC_SHIFT", kHundred, before, 0});
    steps.push_back(step);
    before = step.production_percent;
  }
  steps.push_back({"POST_PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT", kHundred, kHundred, 0});
  steps.push_back({"BAKE_TIME", "", kHundred, kHundred,
                   base::json_number(deployment_configuration, "bakeTimeInMinutes", 0)});
  steps.push_back({"CLEAN_UP", "", kHundred, kHundred, 0});
  return steps;
}

std::vector<ShiftStep> plan_return(const std::vector<ShiftStep>& steps, std::size_t at) {
  std::vector<ShiftStep> back;
  const ShiftStep& now = steps.at(std::min(at, steps.size() - 1));
  if (now.production_percent > 0)
    back.push_back({"PRODUCTION_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT", now.test_percent, 0, 0});
  if (now.test_percent > 0) back.push_back({"TEST_TRAFFIC_SHIFT", "TEST_TRAFFIC_SHIFT", 0, 0, 0});
  back.push_back({"CLEAN_UP", "", 0, 0, 0});
  return back;
}

RuleWeights rule_weights(double percent) {
  const auto tenths = static_cast<int>(std::lround(percent * 10));
  if (tenths % 10 == 0) return {tenths / 10, 100 - tenths / 10};
  return {tenths, 1000 - tenths};
}

}  // namespace emulator
