#pragma once
// How many tasks a rolling deployment starts and stops next, from counts alone: minimumHealthyPercent,
// maximumPercent, the circuit breaker's threshold, the delay of failing starts. Pure; scheduler.cpp carries
// it out.

#include <chrono>

#include "base/json_fwd.h"

namespace emulator {

/// Both limits as percentages of the desired count (AmazonECS API_DeploymentConfiguration).
struct DeploymentLimits {
  int minimum_healthy_percent = 100;
  int maximum_percent = 200;
  bool operator==(const DeploymentLimits&) const = default;
};

/// ceil(desired · minimum / 100): so many healthy tasks must stay.
int lower_limit(int desired, const DeploymentLimits& limits);
/// floor(desired · maximum / 100): so many tasks may run at once.
int upper_limit(int desired, const DeploymentLimits& limits);

/// What the service has now. Live is pending or running and not told to stop.
struct RolloutCounts {
  int desired = 0;
  DeploymentLimits limits;
  int new_live = 0;  ///< tasks of the primary deployment
  int new_healthy = 0;
  int old_pending = 0;  ///< tasks of older deployments that never ran
  int old_healthy = 0;
  int old_unhealthy = 0;  ///< running, not healthy
  bool may_start = true;  ///< false once the deployment failed, or while failing starts are delayed
};

struct RolloutDecision {
  int start_new = 0;
  int stop_new = 0;  ///< more than desired: the desired count went down
  int stop_old_pending = 0;
  int stop_old_healthy = 0;
  int stop_old_unhealthy = 0;
  /// Neither a start nor a stop is allowed, and nothing under way will change that.
  bool stuck = false;
  bool operator==(const RolloutDecision&) const = default;
};

RolloutDecision decide_rollout(const RolloutCounts& counts);

/// At how many failed tasks the circuit breaker opens (API_DeploymentCircuitBreaker#thresholdConfiguration).
struct BreakerRule {
  enum class Kind { bounded_percent, unbounded_percent, count };
  Kind kind = Kind::bounded_percent;
  int value = 50;
  bool reset_on_healthy_task = true;
  bool operator==(const BreakerRule&) const = default;
};
/// Of `deploymentCircuitBreaker`; what it does not say is the default.
BreakerRule breaker_rule(const base::Json& circuit_breaker);
/// ceil(desired · value / 100), bounded to 3…200 unless told otherwise; at least 1.
int breaker_threshold(int desired, const BreakerRule& rule = {});

/// How long to wait before the next start after so many tasks in a row stopped without ever running; ≤ 15
/// minutes.
std::chrono::seconds delay_of_failing_starts(int consecutive_failures);

}  // namespace emulator
