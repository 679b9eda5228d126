#include "emulator/elb_state.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/strings.h"

namespace emulator {
namespace {

constexpr std::string_view kStickyCookie = "AWSALBTG";

std::string sticky_value(const std::string& group_arn) {
  return base::sha256_hex("sticky " + group_arn).substr(0, 48);
}

std::string sticky_cookie(const std::string& group_arn, int seconds) {
  const std::time_t end = std::time(nullptr) + seconds;
  return fmt::format("{}={}; Expires={:%a, %d %b %Y %H:%M:%S} GMT; Path=/", kStickyCookie,
                     sticky_value(group_arn), fmt::gmtime(end));
}

std::string cookie_of(const RequestHead& head, std::string_view name) {
  for (const std::string& part : base::split(head.field("cookie").value_or(""), ';')) {
    const std::string_view pair = base::trim(part);
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=')
      return std::string(pair.substr(name.size() + 1));
  }
  return "";
}

}  // namespace

base::Result<void> check_settings(const HealthCheckSettings& check) {
  if (check.protocol != "HTTP") return base::invalid_input("This emulator checks targets by HTTP only.");
  const bool plain = std::none_of(check.path.begin(), check.path.end(),
                                  [](unsigned char c) { return c <= ' ' || c == 0x7F; });
  if (!check.path.starts_with('/') || check.path.size() > 1024 || !plain) {
    return base::invalid_input(
        fmt::format("Health check path '{}' must begin with a '/' character and hold no blanks", check.path));
  }
  if (check.port != "traffic-port") {
    const auto port = base::parse_integer(check.port);
    if (!port || *port < 1 || *port > 65535)
      return base::invalid_input("Health check port must be 'traffic-port' or between 1 and 65535");
  }
  if (check.thresholds.healthy < 1 || check.thresholds.healthy > 10)
    return base::invalid_input("Healthy threshold must be between 2 and 10");
  if (check.thresholds.unhealthy < 1 || check.thresholds.unhealthy > 10)
    return base::invalid_input("Unhealthy threshold must be between 2 and 10");
  if (!(check.interval_seconds >= 0.05 && check.interval_seconds <= 300))
    return base::invalid_input("Health check interval must be between 5 and 300 seconds");
  if (!(check.timeout_seconds >= 0.05 && check.timeout_seconds <= 120))
    return base::invalid_input("Health check timeout must be between 2 and 120 seconds");
  TRY(CodeMatcher::parse(check.matcher));
  return {};
}

base::Result<void> check_deregistration_delay(double seconds) {
  if (seconds >= 0 && seconds <= 3600) return {};
  return base::make_error(base::ErrorKind::invalid_input,
                          "The deregistration delay must be between 0 and 3600 seconds");
}

ElbState::ElbState(std::string region, std::string account, Dial dial, double time_scale)
    : region_(std::move(region)),
      account_(std::move(account)),
      dial_(std::move(dial)),
      time_scale_(time_scale) {}

ElbState::~ElbState() {
  // Not under the lock: requests under way ask route() before they end.
  for (const auto& listener : listeners) listener->server.reset();
}

std::string ElbState::arn(std::string_view resource) const {
  return fmt::format("arn:aws:elasticloadbalancing:{}:{}:{}", region_, account_, resource);
}

LoadBalancer* ElbState::find_load_balancer(std::string_view arn_or_name) {
  for (LoadBalancer& balancer : load_balancers) {
    if (balancer.arn == arn_or_name || balancer.name == arn_or_name) return &balancer;
  }
  return nullptr;
}

TargetGroupRecord* ElbState::find_target_group(std::string_view arn_or_name) {
  for (TargetGroupRecord& record : target_groups) {
    if (record.arn == arn_or_name || record.name == arn_or_name) return &record;
  }
  return nullptr;
}

ListenerRecord* ElbState::find_listener(std::string_view listener_arn) {
  for (const auto& listener : listeners) {
    if (listener->arn == listener_arn) return listener.get();
  }
  return nullptr;
}

ListenerRule* ElbState::find_rule(std::string_view rule_arn) {
  for (const auto& listener : listeners) {
    for (ListenerRule& rule : listener->rules) {
      if (rule.arn == rule_arn) return &rule;
    }
  }
  return nullptr;
}

bool ElbState::has_rule(std::string_view rule_arn) {
  const auto guard = lock();
  return find_rule(rule_arn) != nullptr || find_listener(rule_arn) != nullptr;
}

std::optional<ListenerNames> ElbState::listener_called(const std::string& name) {
  const auto guard = lock();
  const std::size_t mark = name.find_last_of(":#");
  if (mark == std::string::npos) return std::nullopt;
  const LoadBalancer* balancer = find_load_balancer(name.substr(0, mark));
  const auto number = base::parse_integer(name.substr(mark + 1));
  if (balancer == nullptr || !number) return std::nullopt;
  int count = 0;
  for (const auto& listener : listeners) {
    if (listener->load_balancer_arn != balancer->arn) continue;
    ++count;
    if (name[mark] == ':' ? listener->asked_port == *number : count == *number)
      return ListenerNames{listener->arn, listener->rules.back().arn};
  }
  return std::nullopt;
}

bool ElbState::forward_to(std::string_view rule_arn, std::vector<WeightedGroup> groups) {
  const auto guard = lock();
  ListenerRule* rule = find_rule(rule_arn);
  if (rule == nullptr) {
    ListenerRecord* listener = find_listener(rule_arn);
    if (listener == nullptr) return false;
    rule = &listener->rules.back();
  }
  rule->action.forward = std::move(groups);
  note_use();
  return true;
}

std::vector<std::string> ElbState::users_of(std::string_view target_group_arn) const {
  std::vector<std::string> users;
  for (const auto& listener : listeners) {
    const bool used =
        std::any_of(listener->rules.begin(), listener->rules.end(), [&](const ListenerRule& rule) {
          return std::any_of(rule.action.forward.begin(), rule.action.forward.end(),
                             [&](const WeightedGroup& group) { return group.arn == target_group_arn; });
        });
    if (used && std::find(users.begin(), users.end(), listener->load_balancer_arn) == users.end()) {
      users.push_back(listener->load_balancer_arn);
    }
  }
  return users;
}

void ElbState::note_use() {
  for (const TargetGroupRecord& record : target_groups)
    record.group->set_in_use(!users_of(record.arn).empty());
}

LoadBalancer& ElbState::add_load_balancer(const std::string& name) {
  LoadBalancer balancer;
  balancer.name = name;
  // The same seed gives the same ARNs, so that a workflow may name them.
  balancer.arn = arn(
      fmt::format("loadbalancer/app/{}/{}", name, base::sha256_hex("load balancer " + name).substr(0, 16)));
  balancer.created_at = base::to_epoch_seconds(base::system_clock().now());
  balancer.subnets = {"subnet-0a1b2c3d4e5f60718", "subnet-1a2b3c4d5e6f70819"};
  balancer.security_groups = {"sg-0a1b2c3d4e5f60718"};
  return load_balancers.emplace_back(std::move(balancer));
}

TargetGroupRecord& ElbState::add_target_group(const std::string& name, HealthCheckSettings check,
                                              double deregistration_delay) {
  TargetGroupRecord record;
  record.name = name;
  record.arn =
      arn(fmt::format("targetgroup/{}/{}", name, base::sha256_hex("target group " + name).substr(0, 16)));
  record.group = std::make_shared<TargetGroup>(dial_, std::move(check), deregistration_delay, time_scale_);
  return target_groups.emplace_back(std::move(record));
}

base::Result<ListenerRecord*> ElbState::add_listener(const LoadBalancer& balancer, int port,
                                                     RuleAction default_action) {
  auto listener = std::make_unique<ListenerRecord>();
  const std::string suffix = balancer.arn.substr(balancer.arn.find("app/"));
  // Several listeners may have asked for any port.
  const auto same = std::count_if(listeners.begin(), listeners.end(), [&](const auto& other) {
    return other->load_balancer_arn == balancer.arn && other->asked_port == port;
  });
  const std::string own = fmt::format("listener {} {}", balancer.arn, port);
  const std::string id = base::sha256_hex(same == 0 ? own : own + " " + base::random_hex(8)).substr(0, 16);
  listener->arn = arn(fmt::format("listener/{}/{}", suffix, id));
  listener->load_balancer_arn = balancer.arn;
  listener->asked_port = port;
  ListenerRule rule;
  rule.arn =
      arn(fmt::format("listener-rule/{}/{}/{}", suffix, id, base::sha256_hex("default " + id).substr(0, 16)));
  rule.action = std::move(default_action);
  listener->rules.push_back(std::move(rule));
  TRY(open(*listener));
  listeners.push_back(std::move(listener));
  note_use();
  return listeners.back().get();
}

base::Result<void> ElbState::open(ListenerRecord& listener) {
  const std::string listener_arn = listener.arn;
  TRY(listener.server, ListenerServer::start(static_cast<std::uint16_t>(listener.asked_port),
                                             [this, listener_arn](const RequestHead& head) {
                                               return route(listener_arn, head);
                                             }));
  return {};
}

std::unique_ptr<ListenerRecord> ElbState::take_listener(std::string_view listener_arn) {
  for (auto it = listeners.begin(); it != listeners.end(); ++it) {
    if ((*it)->arn != listener_arn) continue;
    auto taken = std::move(*it);
    listeners.erase(it);
    note_use();
    return taken;
  }
  return nullptr;
}

RouteDecision ElbState::route(const std::string& listener_arn, const RequestHead& head) {
  const auto guard = lock();
  ListenerRecord* listener = find_listener(listener_arn);
  if (listener == nullptr) return {};
  for (ListenerRule& rule : listener->rules) {
    const bool fits = std::all_of(rule.conditions.begin(), rule.conditions.end(),
                                  [&](const RuleCondition& condition) { return matches(condition, head); });
    if (!fits) continue;
    if (rule.action.fixed) return {nullptr, rule.action.fixed, ""};
    return choose_group(rule.action, head);
  }
  return {};
}

RouteDecision ElbState::choose_group(RuleAction& action, const RequestHead& head) {
  const auto decide = [&](const WeightedGroup& group) {
    const TargetGroupRecord* record = find_target_group(group.arn);
    RouteDecision decision{record == nullptr ? nullptr : record->group, std::nullopt, ""};
    if (action.sticky_seconds) decision.cookie = sticky_cookie(group.arn, *action.sticky_seconds);
    return decision;
  };
  int total = 0;
  const std::string kept = action.sticky_seconds ? cookie_of(head, kStickyCookie) : "";
  for (const WeightedGroup& group : action.forward) {
    total += group.weight;
    if (group.weight > 0 && !kept.empty() && kept == sticky_value(group.arn)) return decide(group);
  }
  if (total <= 0) return {};
  // Each group saves up its weight and pays the sum when it is chosen: exact over a round, and mixed within
  // it.
  for (WeightedGroup& group : action.forward) group.saved += group.weight;
  const auto chosen =
      std::max_element(action.forward.begin(), action.forward.end(),
                       [](const WeightedGroup& a, const WeightedGroup& b) { return a.saved < b.saved; });
  chosen->saved -= total;
  return decide(*chosen);
}

std::shared_ptr<TargetGroup> ElbState::group(std::string_view arn_or_name) {
  const auto guard = lock();
  const TargetGroupRecord* record = find_target_group(arn_or_name);
  return record == nullptr ? nullptr : record->group;
}

}  // namespace emulator
