#include "emulator/code_deploy_configs.h"

#include <fmt/format.h>

#include <algorithm>

namespace emulator {
namespace {

struct Predefined {
  const char* name;
  const char* type;
  int percent;
  int minutes;
};
constexpr Predefined kPredefined[] = {
    {"CodeDeployDefault.ECSAllAtOnce", "AllAtOnce", 100, 0},
    {"CodeDeployDefault.ECSLinear10PercentEvery1Minutes", "TimeBasedLinear", 10, 1},
    {"CodeDeployDefault.ECSLinear10PercentEvery3Minutes", "TimeBasedLinear", 10, 3},
    {"CodeDeployDefault.ECSCanary10Percent5Minutes", "TimeBasedCanary", 10, 5},
    {"CodeDeployDefault.ECSCanary10Percent15Minutes", "TimeBasedCanary", 10, 15},
};

struct Timing {
  std::int64_t percent = 0;
  std::int64_t minutes = 0;
};

Timing timing_of(const base::Json& routing) {
  if (base::json_string(routing, "type") == "TimeBasedCanary") {
    const base::Json& canary = base::json_member(routing, "timeBasedCanary");
    return {base::json_integer(canary, "canaryPercentage"), base::json_integer(canary, "canaryInterval")};
  }
  const base::Json& linear = base::json_member(routing, "timeBasedLinear");
  return {base::json_integer(linear, "linearPercentage"), base::json_integer(linear, "linearInterval")};
}

}  // namespace

std::optional<base::Json> predefined_routing(std::string_view name) {
  for (const Predefined& entry : kPredefined) {
    if (name != entry.name) continue;
    base::Json routing = {{"type", entry.type}};
    if (routing["type"] == "TimeBasedCanary")
      routing["timeBasedCanary"] = {{"canaryPercentage", entry.percent}, {"canaryInterval", entry.minutes}};
    if (routing["type"] == "TimeBasedLinear")
      routing["timeBasedLinear"] = {{"linearPercentage", entry.percent}, {"linearInterval", entry.minutes}};
    return routing;
  }
  return std::nullopt;
}

const std::vector<std::string>& predefined_config_names() {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> names;
    for (const Predefined& entry : kPredefined) names.emplace_back(entry.name);
    return names;
  }();
  return kNames;
}

base::Result<void> check_routing(const base::Json& traffic_routing) {
  const std::string type = base::json_string(traffic_routing, "type");
  if (type == "AllAtOnce") return {};
  if (type != "TimeBasedCanary" && type != "TimeBasedLinear")
    return base::invalid_input(
        "The traffic routing type must be TimeBasedCanary, TimeBasedLinear or AllAtOnce.");
  const Timing timing = timing_of(traffic_routing);
  constexpr std::int64_t kLongestMinutes = 2880;
  if (timing.percent < 1 || timing.percent > 99 || timing.minutes < 1 || timing.minutes > kLongestMinutes) {
    return base::invalid_input(fmt::format(
        "{} needs a percentage between 1 and 99 and an interval between 1 and {} minutes: found {} "
        "and {}.",
        type, kLongestMinutes, timing.percent, timing.minutes));
  }
  return {};
}

std::vector<TrafficStep> traffic_steps(const base::Json& traffic_routing) {
  std::vector<TrafficStep> steps;
  const std::string type = base::json_string(traffic_routing, "type");
  const Timing timing = timing_of(traffic_routing);
  const auto minutes = static_cast<double>(timing.minutes);
  if (type == "TimeBasedCanary") steps.push_back({static_cast<double>(timing.percent), minutes});
  if (type == "TimeBasedLinear" && timing.percent > 0) {
    for (std::int64_t at = timing.percent; at < 100; at += timing.percent)
      steps.push_back({static_cast<double>(at), minutes});
  }
  steps.push_back({100, 0});
  return steps;
}

}  // namespace emulator
