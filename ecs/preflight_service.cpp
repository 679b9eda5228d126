// Whether the service can take the new tasks: capacity, and limits of time that go together.
#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "ecs/preflight.h"

namespace ecs {
namespace {

using base::Json;
using base::json_member;

constexpr int kFailuresOfBreaker = 3;  // at least, whatever the desired count
constexpr int kUsualStopTimeout = 30;

/// The longest stopTimeout of the containers, in seconds.
int stop_timeout(const Json& definition) {
  int longest = 0;
  for (const auto& container : json_member(definition, "containerDefinitions")) {
    const auto seconds = base::json_integer(container, "stopTimeout", kUsualStopTimeout);
    longest = std::max(longest, static_cast<int>(seconds));
  }
  return longest;
}

/// What draining and stopping take at least, however fast the program starts.
std::chrono::seconds least_duration(const PreflightFacts& facts) {
  int seconds = 0;
  for (const auto& fact : facts.target_groups) {
    if (!fact.group) continue;
    // One success makes a new target healthy; the delay passes in full before a task is stopped.
    seconds = std::max(seconds, fact.group->interval + fact.group->deregistration_delay);
  }
  if (facts.service.strategy != "ROLLING") seconds += facts.service.bake_minutes * 60;
  return std::chrono::seconds(seconds + stop_timeout(facts.definition));
}

Check judge_patience(const PreflightFacts& facts) {
  const auto least = least_duration(facts);
  const std::string subject = "waiting";
  if (!facts.plan.starts_tasks || facts.plan.desired == 0)
    return leaf(subject, Verdict::ok, "there is nothing to wait for");
  if (least > facts.patience) {
    return leaf(
        subject, Verdict::problem,
        fmt::format("draining and stopping alone take {} s (deregistration delay, health-check interval, "
                    "stopTimeout, bake time), and the wait ends after {} s: wait longer, or lower the "
                    "deregistration delay",
                    least.count(), facts.patience.count()));
  }
  return leaf(subject, Verdict::ok,
              fmt::format("at least {} s of {} s are needed", least.count(), facts.patience.count()));
}

Check judge_credentials(const PreflightFacts& facts) {
  const auto left = facts.credentials_left;
  if (!left || *left >= facts.patience)
    return leaf("credentials", Verdict::ok,
                left ? "they outlast the wait" : "they do not end before the wait does");
  return leaf("credentials", Verdict::problem,
              fmt::format("they expire in {} s, and the wait may take {} s: ask for a longer session "
                          "(role-duration-seconds), or wait for less",
                          left->count(), facts.patience.count()));
}

Check judge_grace(const PreflightFacts& facts, const TargetGroup& group) {
  const int until_unhealthy = group.interval * group.unhealthy_threshold;
  const int grace = facts.service.health_check_grace_seconds;
  if (grace >= until_unhealthy) {
    return leaf("grace period", Verdict::ok, fmt::format("{} s before failed checks count", grace));
  }
  return leaf("grace period", Verdict::unknown,
              fmt::format("a task that is not ready after {} s is stopped (health checks of {}, "
                          "healthCheckGracePeriodSeconds {}): does the program start faster?",
                          std::max(grace, until_unhealthy), group.name, grace));
}

}  // namespace

Check judge_capacity(const PreflightFacts& facts) {
  std::vector<Check> parts;
  if (facts.service.name.empty()) return branch("capacity", {});  // a task alone
  const auto& plan = facts.plan;
  const auto concerns = concerns_of(plan);
  for (const auto& concern : concerns) {
    const bool never_ends = concern.find("can never end") != std::string::npos;
    parts.push_back(leaf("tasks", never_ends ? Verdict::problem : Verdict::unknown, concern));
  }
  if (concerns.empty()) parts.push_back(leaf("tasks", Verdict::ok, to_string(plan)));
  if (plan.rolls_back && plan.desired > 0 && plan.starts_tasks) {
    const int threshold = std::clamp((plan.desired + 1) / 2, kFailuresOfBreaker, 200);
    parts.push_back(
        leaf("circuit breaker", Verdict::ok, fmt::format("it rolls back after {} failed tasks", threshold)));
  }
  return branch("capacity", std::move(parts));
}

Check judge_times(const PreflightFacts& facts) {
  if (facts.service.name.empty()) return branch("time limits", {judge_credentials(facts)});
  std::vector<Check> parts = {judge_patience(facts), judge_credentials(facts)};
  for (const auto& fact : facts.target_groups) {
    if (fact.group) parts.push_back(judge_grace(facts, *fact.group));
  }
  return branch("time limits", std::move(parts));
}

}  // namespace ecs
