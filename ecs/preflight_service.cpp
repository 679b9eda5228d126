// Whether the service can take the new tasks: ports and networks, capacity, and limits of time that go
// together.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/strings.h"
#include "ecs/preflight.h"

namespace ecs {
namespace {

using base::Json;
using base::json_member;
using base::json_string;

constexpr int kFailuresOfBreaker = 3;  // at least, whatever the desired count
constexpr int kUsualStopTimeout = 30;

const Json* container_named(const Json& definition, const std::string& name) {
  for (const auto& container : json_member(definition, "containerDefinitions")) {
    if (json_string(container, "name") == name) return &container;
  }
  return nullptr;
}

Check judge_port(const PreflightFacts& facts, const LoadBalancer& attachment) {
  const std::string subject = fmt::format("{}:{}", attachment.container, attachment.port);
  const Json* container = container_named(facts.definition, attachment.container);
  if (container == nullptr) {
    return leaf(subject, Verdict::problem,
                fmt::format("the service sends requests to container {}, which the task definition has not: "
                            "rename it, or change the service's loadBalancers",
                            attachment.container));
  }
  std::vector<std::string> ports;
  for (const auto& mapping : json_member(*container, "portMappings")) {
    const auto port = base::json_integer(mapping, "containerPort");
    if (port == attachment.port) return leaf(subject, Verdict::ok, "the container has that port");
    ports.push_back(std::to_string(port));
  }
  return leaf(
      subject, Verdict::problem,
      fmt::format("the service sends requests to port {}, and container {} maps {}: add it to portMappings",
                  attachment.port, attachment.container,
                  ports.empty() ? "none" : "only " + base::join(ports, ", ")));
}

Check judge_type(const PreflightFacts& facts, const TargetGroup& group) {
  const std::string mode = json_string(facts.definition, "networkMode", "bridge");
  const std::string expected = mode == "awsvpc" ? "ip" : "instance";
  if (group.type == expected)
    return leaf("target type", Verdict::ok, fmt::format("{} fits networkMode {}", group.type, mode));
  return leaf(
      "target type", Verdict::problem,
      fmt::format("target group {} takes targets of type {}, and tasks with networkMode {} are {}: make a "
                  "target group of type {}",
                  group.name, group.type, mode, expected, expected));
}

Check judge_listener(const TargetGroup& group) {
  if (group.load_balancers > 0) return leaf("listener", Verdict::ok, "a load balancer uses the target group");
  return leaf(
      "listener", Verdict::problem,
      fmt::format("no listener forwards to target group {}: its targets stay unused and are never checked",
                  group.name));
}

Check judge_health_check(const TargetGroupFact& fact) {
  const auto& group = *fact.group;
  const std::string subject = "health check";
  if (!group.health_path.empty() && !group.health_path.starts_with('/')) {
    return leaf(subject, Verdict::problem,
                fmt::format("the path '{}' of target group {} does not start with '/'", group.health_path,
                            group.name));
  }
  if (!fact.targets) return unknown(subject, fact.targets.error());
  std::set<std::string> failing;
  bool healthy = false;
  for (const auto& target : *fact.targets) {
    if (target.state == "unhealthy") failing.insert(target.description);
    healthy |= target.state == "healthy";
  }
  if (healthy || failing.empty()) {
    return leaf(subject, healthy ? Verdict::ok : Verdict::unknown,
                fmt::format("{} with codes {}{}", group.health_path, group.matcher,
                            healthy ? "; what runs now passes it"
                                    : "; nothing that runs now tells whether it passes"));
  }
  return leaf(subject, Verdict::problem,
              fmt::format("no target passes {} now: {}", group.health_path, *failing.begin()));
}

Check judge_target_group(const PreflightFacts& facts, const TargetGroupFact& fact) {
  std::vector<Check> parts = {judge_port(facts, fact.attachment)};
  const auto& arn = fact.attachment.target_group;
  const std::string subject = fmt::format("target group {}", arn.substr(arn.find(":targetgroup/") + 13));
  if (!fact.group && (fact.group.error().kind == base::ErrorKind::not_found ||
                      fact.group.error().code == "TargetGroupNotFound")) {
    parts.push_back(leaf("existence", Verdict::problem, arn + " does not exist"));
  } else if (!fact.group) {
    parts.push_back(unknown("settings", fact.group.error()));
  } else {
    parts.push_back(judge_type(facts, *fact.group));
    parts.push_back(judge_listener(*fact.group));
    parts.push_back(judge_health_check(fact));
  }
  return branch(subject, std::move(parts));
}

Check judge_subnets(const PreflightFacts& facts) {
  if (!facts.subnets) {
    if (facts.subnets.error().code == "InvalidSubnetID.NotFound")
      return leaf("subnets", Verdict::problem, facts.subnets.error().message);
    return unknown("subnets", facts.subnets.error());
  }
  std::vector<std::string> names;
  int free = 0;
  for (const auto& subnet : *facts.subnets) {
    names.push_back(subnet.id);
    free += subnet.free_addresses;
    for (const auto& fact : facts.target_groups) {
      if (!fact.group || fact.group->vpc.empty() || fact.group->vpc == subnet.vpc) continue;
      return leaf("subnets", Verdict::problem,
                  fmt::format("{} is in {}, and target group {} in {}: no task could be registered",
                              subnet.id, subnet.vpc, fact.group->name, fact.group->vpc));
    }
  }
  const int more = facts.plan.most_running - facts.plan.least_healthy;
  if (free < more) {
    return leaf("subnets", Verdict::problem,
                fmt::format("{} addresses are free, and up to {} new tasks start at once", free, more));
  }
  return leaf("subnets", Verdict::ok,
              fmt::format("{} with {} free addresses", base::join(names, ", "), free));
}

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

Check judge_network(const PreflightFacts& facts) {
  std::vector<Check> parts;
  for (const auto& fact : facts.target_groups) parts.push_back(judge_target_group(facts, fact));
  if (!facts.service.subnets.empty()) parts.push_back(judge_subnets(facts));
  return branch("network", std::move(parts));
}

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
