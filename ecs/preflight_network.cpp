// Whether requests can reach the new tasks: ports, target groups and their checks, subnets.
#include <fmt/format.h>

#include <set>

#include "base/strings.h"
#include "ecs/preflight.h"

namespace ecs {
namespace {

using base::Json;
using base::json_member;
using base::json_string;

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

/// By what a running task answered to us.
Check judge_answer(const TargetGroupFact& fact) {
  const auto& group = *fact.group;
  const std::string subject = "health check";
  if (!*fact.answer) return unknown(subject, fact.answer->error());
  const int status = **fact.answer;
  if (fits_matcher(status, group.matcher))
    return leaf(subject, Verdict::ok,
                fmt::format("what runs now answers {} with {}", group.health_path, status));
  return leaf(subject, Verdict::problem,
              fmt::format("what runs now answers {} with {}, and target group {} expects {}",
                          group.health_path, status, group.name, group.matcher));
}

/// Sharing a target group is allowed; where its traffic is shifted, the other service's goes along.
Check judge_attachment(const PreflightFacts& facts, const TargetGroupFact& fact) {
  const std::string subject = "attachment";
  if (!fact.other_services) return unknown(subject, fact.other_services.error());
  if (fact.other_services->empty())
    return leaf(subject, Verdict::ok, "no other service has the target group");
  const auto others = base::join(*fact.other_services, ", ");
  const bool shifts = facts.service.strategy != "ROLLING" || facts.service.controller == "CODE_DEPLOY";
  if (shifts) {
    return leaf(
        subject, Verdict::problem,
        fmt::format("{} has target group {}, too: shifting traffic away from it would take that of {} along. "
                    "Give each service groups of its own",
                    others, fact.group->name, others));
  }
  return leaf(subject, Verdict::unknown,
              fmt::format("{} has target group {}, too: requests reach the tasks of either", others,
                          fact.group->name));
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
  if (!healthy && failing.empty() && fact.answer) return judge_answer(fact);
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
    parts.push_back(judge_attachment(facts, fact));
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

}  // namespace

Check judge_network(const PreflightFacts& facts) {
  std::vector<Check> parts;
  for (const auto& fact : facts.target_groups) parts.push_back(judge_target_group(facts, fact));
  if (!facts.service.subnets.empty()) parts.push_back(judge_subnets(facts));
  return branch("network", std::move(parts));
}

}  // namespace ecs
