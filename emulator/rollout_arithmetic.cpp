#include "emulator/rollout_arithmetic.h"

#include <algorithm>
#include <cstdint>

#include "base/json.h"

namespace emulator {

int lower_limit(int desired, const DeploymentLimits& limits) {
  const auto product = static_cast<std::int64_t>(desired) * limits.minimum_healthy_percent;
  return static_cast<int>((product + 99) / 100);
}

int upper_limit(int desired, const DeploymentLimits& limits) {
  return static_cast<int>(static_cast<std::int64_t>(desired) * limits.maximum_percent / 100);
}

RolloutDecision decide_rollout(const RolloutCounts& counts) {
  RolloutDecision decision;
  const int lower = lower_limit(counts.desired, counts.limits);
  const int upper = upper_limit(counts.desired, counts.limits);
  const int missing = std::max(0, counts.desired - counts.new_live);

  decision.stop_new = std::max(0, counts.new_live - counts.desired);
  decision.stop_old_pending = counts.old_pending;  // they hold no traffic: replaced by new ones at once

  // Healthy tasks above the lower limit are surplus. The old ones go first, and all of them only once the new
  // deployment is complete, or when the lower limit allows it.
  const int surplus = counts.new_healthy + counts.old_healthy - lower;
  decision.stop_old_healthy = std::clamp(surplus, 0, counts.old_healthy);

  const int total = counts.new_live + counts.old_healthy + counts.old_unhealthy;
  const int room = upper - total;
  if (counts.may_start) decision.start_new = std::clamp(missing, 0, std::max(0, room));

  // An unhealthy old task may still answer some requests: it goes when enough others are healthy, or when it
  // takes the place that a new task needs.
  if (surplus >= 0) {
    decision.stop_old_unhealthy = counts.old_unhealthy;
  } else if (counts.may_start && decision.start_new < missing) {
    decision.stop_old_unhealthy = std::min(counts.old_unhealthy, missing - decision.start_new);
  }

  const bool under_way = counts.new_live > counts.new_healthy || decision.stop_old_pending > 0 ||
                         decision.stop_old_healthy > 0 || decision.stop_old_unhealthy > 0 ||
                         decision.stop_new > 0;
  decision.stuck = counts.may_start && missing > 0 && decision.start_new == 0 && !under_way;
  return decision;
}

BreakerRule breaker_rule(const base::Json& circuit_breaker) {
  BreakerRule rule;
  const base::Json& threshold = base::json_member(circuit_breaker, "thresholdConfiguration");
  const std::string type = base::json_string(threshold, "type", "BOUNDED_PERCENT");
  if (type == "UNBOUNDED_PERCENT") rule.kind = BreakerRule::Kind::unbounded_percent;
  if (type == "COUNT") rule.kind = BreakerRule::Kind::count;
  rule.value =
      static_cast<int>(std::clamp<std::int64_t>(base::json_integer(threshold, "value", 50), 1, 10'000));
  rule.reset_on_healthy_task = base::json_bool(circuit_breaker, "resetOnHealthyTask", true);
  return rule;
}

int breaker_threshold(int desired, const BreakerRule& rule) {
  if (rule.kind == BreakerRule::Kind::count) return rule.value;
  const auto share = static_cast<int>((static_cast<std::int64_t>(desired) * rule.value + 99) / 100);
  if (rule.kind == BreakerRule::Kind::unbounded_percent) return std::max(1, share);
  return std::clamp(share, 3, 200);
}

std::chrono::seconds delay_of_failing_starts(int consecutive_failures) {
  // The first few follow each other at once, so that a circuit breaker sees them soon.
  constexpr int kFree = 5;
  constexpr int kLongest = 15 * 60;
  if (consecutive_failures < kFree) return std::chrono::seconds(0);
  const int doublings = std::min(consecutive_failures - kFree, 10);
  return std::chrono::seconds(std::min(kLongest, 2 << doublings));
}

}  // namespace emulator
