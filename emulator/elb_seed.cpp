// What a seed declares of load balancers and target groups.
#include <fmt/format.h>

#include "base/crypto.h"
#include "base/json.h"
#include "base/strings.h"
#include "emulator/elb_state.h"

namespace emulator {
namespace {

base::Error elb_seed_error(std::string message) {
  return base::make_error(base::ErrorKind::invalid_input, "seed: " + std::move(message));
}

base::Result<void> check_port(std::int64_t port, int lowest) {
  if (port >= lowest && port <= 65535) return {};
  return base::make_error(base::ErrorKind::invalid_input,
                          fmt::format("expected a port between {} and 65535, found {}", lowest, port));
}

base::Result<RuleAction> seeded_forward(ElbState& state, const base::Json& declared,
                                        const std::string& balancer) {
  const auto name = base::json_string(declared, "target_group");
  const TargetGroupRecord* group = state.find_target_group(name);
  if (group == nullptr)
    return elb_seed_error(
        fmt::format("load balancer {}: a listener names target_group '{}', which is not among target_groups",
                    balancer, name));
  RuleAction action;
  action.forward.push_back({group->arn, 1});
  return action;
}

/// `paths` and a target_group; earlier ones come first.
base::Result<void> seed_rules(ElbState& state, ListenerRecord& listener, const base::Json& declared,
                              const std::string& balancer) {
  for (const base::Json& entry : base::json_member(declared, "rules")) {
    RuleCondition condition{.field = "path-pattern"};
    for (const base::Json& path : base::json_member(entry, "paths")) {
      if (path.is_string()) condition.values.push_back(path.get<std::string>());
    }
    if (condition.values.empty())
      return elb_seed_error(fmt::format("load balancer {}: a rule has no paths", balancer));
    ListenerRule rule;
    TRY(rule.action, seeded_forward(state, entry, balancer));
    rule.arn = base::replace_all(listener.arn, ":listener/", ":listener-rule/") + "/" + base::random_hex(8);
    rule.priority = std::to_string(listener.rules.size());
    rule.conditions.push_back(std::move(condition));
    listener.rules.insert(listener.rules.end() - 1, std::move(rule));
  }
  return {};
}

}  // namespace

base::Result<void> ElbState::apply_seed(const base::Json& seed) {
  const auto guard = lock();
  for (const base::Json& entry : base::json_member(seed, "target_groups")) {
    const std::string name = base::json_string(entry, "name");
    if (name.empty()) return elb_seed_error("target_groups: an entry has no name");
    const HealthCheckSettings check = health_check_from_json(base::json_member(entry, "health_check"));
    const double delay = base::json_number(entry, "deregistration_delay_seconds", 300);
    const auto port = base::json_integer(entry, "port", 80);
    const std::string doing = fmt::format("reading target group {} of the seed", name);
    TRY(check_settings(check).while_doing(doing));
    TRY(check_deregistration_delay(delay).while_doing(doing));
    TRY(check_port(port, 1).while_doing(doing));
    TargetGroupRecord* known = find_target_group(name);
    if (known != nullptr) known->group->change(check, delay);
    TargetGroupRecord& record = known != nullptr ? *known : add_target_group(name, check, delay);
    record.port = static_cast<int>(port);
  }
  for (const base::Json& entry : base::json_member(seed, "load_balancers")) {
    const std::string name = base::json_string(entry, "name");
    if (name.empty()) return elb_seed_error("load_balancers: an entry has no name");
    if (find_load_balancer(name) != nullptr) continue;
    const LoadBalancer balancer = add_load_balancer(name);
    for (const base::Json& declared : base::json_member(entry, "listeners")) {
      TRY(auto action, seeded_forward(*this, declared, name));
      const auto port = base::json_integer(declared, "port", 0);
      const std::string doing = fmt::format("reading load balancer {} of the seed", name);
      TRY(check_port(port, 0).while_doing(doing));
      TRY(ListenerRecord* const listener,
          add_listener(balancer, static_cast<int>(port), std::move(action)).while_doing(doing));
      TRY(seed_rules(*this, *listener, declared, name));
    }
  }
  note_use();
  return {};
}

}  // namespace emulator
