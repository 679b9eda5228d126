#pragma once
// Deployment configurations of CodeDeploy for ECS: AWS's own and those of the account, and the steps in
// which each of them shifts traffic. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace emulator {

struct TrafficStep {
  double percent = 0;       ///< that the new task set gets
  double wait_minutes = 0;  ///< before the next step
  bool operator==(const TrafficStep&) const = default;
};

/// `trafficRoutingConfig` of the predefined configuration of that name; nothing when AWS has none.
std::optional<base::Json> predefined_routing(std::string_view name);
const std::vector<std::string>& predefined_config_names();
/// What CreateDeploymentConfig may be given; the error is worded for the wire.
base::Result<void> check_routing(const base::Json& traffic_routing);
/// The last step is 100 %.
std::vector<TrafficStep> traffic_steps(const base::Json& traffic_routing);

}  // namespace emulator
