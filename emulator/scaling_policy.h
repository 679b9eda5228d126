#pragma once
// What scaling policies make of a metric: how many tasks a service shall have, and which alarms a policy that
// tracks a target has of its own. Pure. Who keeps policies is scaling_service.h, who acts on them
// scaling_loop.cpp.

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace emulator {

enum class PolicyKind { steps, target_tracking };

/// What is wrong with a StepScalingPolicyConfiguration or TargetTrackingScalingPolicyConfiguration, in the
/// words of a ValidationException.
base::Result<void> check_scaling_policy(PolicyKind kind, const base::Json& configuration);

/// The capacity that the step has into which `breach` falls, the metric's distance from its alarm's
/// threshold; nothing when no step covers it.
std::optional<int> stepped_capacity(const base::Json& configuration, int current, double breach);
/// The capacity with which the metric, shared among all, would be at the policy's target.
int tracked_capacity(const base::Json& configuration, int current, double metric);

/// Seconds that have to pass after a change before the next one.
struct Cooldowns {
  double scale_out = 0;
  double scale_in = 0;
};
Cooldowns cooldowns_of(PolicyKind kind, const base::Json& configuration);

/// Of a policy that tracks a target, as PutMetricAlarm takes them: above the target for three minutes, and,
/// but for policies that do not scale in, 10 % below it for fifteen. `policy` is what DescribeScalingPolicies
/// shows.
std::vector<base::Json> tracking_alarms(const base::Json& policy, const std::string& unique_id);

}  // namespace emulator
