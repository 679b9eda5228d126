#pragma once
// Gates beyond ECS's own: after a deployment has completed, alarms, metrics, requests of one's own and a
// comparison with the version before are watched for a while. What is not known when the time is over is no
// pass.

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/prober.h"
#include "ecs/followed.h"

namespace ecs {

using Dimensions = std::vector<std::pair<std::string, std::string>>;

/// A statistic of CloudWatch, each minute.
struct MetricQuery {
  std::string name_space;
  std::string metric;
  Dimensions dimensions;
  std::string statistic = "Average";  ///< or Sum, Minimum, Maximum, SampleCount, p99 …
  int period_seconds = 60;
};

/// Each value has to be within.
struct MetricGate {
  MetricQuery query;
  std::optional<double> at_least, at_most;
};

/// One-sided Mann-Whitney test: fails when the canary's values are larger with p below `alpha`.
struct CanaryGate {
  MetricQuery canary;
  Dimensions baseline;  ///< the same metric's
  double alpha = 0.05;
};

struct ProbeGate {
  std::string url;
  double most_failed_percent = 0;
  std::optional<double> most_p95_ms;
};

struct HealthGate {
  std::chrono::seconds watch{300};
  std::vector<std::string> alarms;
  std::vector<MetricGate> metrics;
  std::vector<CanaryGate> canaries;
  std::optional<ProbeGate> probe;

  [[nodiscard]] bool empty() const { return alarms.empty() && metrics.empty() && canaries.empty() && !probe; }
};

/// Watches from now on. Ends as completed, or failed with the first thing that was wrong.
Followed start_health_gate(aws::Client& client, const HealthGate& gate, const FollowNews& news);

/// What is wrong with a prober's record; empty when it is within the budget.
std::string judge_probe(const ProbeGate& gate, const base::ProbeRecord& record);

}  // namespace ecs
