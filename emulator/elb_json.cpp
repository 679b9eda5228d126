// What of ELBv2 outlives a restart, and what is told of it.
#include <fmt/format.h>

#include "base/json.h"
#include "emulator/elb_state.h"

namespace emulator {

base::Json to_json(const HealthCheckSettings& check) {
  return {{"enabled", check.enabled},
          {"protocol", check.protocol},
          {"port", check.port},
          {"path", check.path},
          {"interval_seconds", check.interval_seconds},
          {"timeout_seconds", check.timeout_seconds},
          {"healthy_threshold", check.thresholds.healthy},
          {"unhealthy_threshold", check.thresholds.unhealthy},
          {"matcher", check.matcher}};
}

HealthCheckSettings health_check_from_json(const base::Json& document) {
  HealthCheckSettings check;
  check.enabled = base::json_bool(document, "enabled", true);
  check.protocol = base::json_string(document, "protocol", check.protocol);
  const base::Json& port = base::json_member(document, "port");
  check.port =
      port.is_number_integer() ? base::to_text(port) : base::json_string(document, "port", check.port);
  check.path = base::json_string(document, "path", check.path);
  check.interval_seconds = base::json_number(document, "interval_seconds", check.interval_seconds);
  check.timeout_seconds = base::json_number(document, "timeout_seconds", check.timeout_seconds);
  check.thresholds.healthy =
      static_cast<int>(base::json_integer(document, "healthy_threshold", check.thresholds.healthy));
  check.thresholds.unhealthy =
      static_cast<int>(base::json_integer(document, "unhealthy_threshold", check.thresholds.unhealthy));
  const base::Json& matcher = base::json_member(document, "matcher");
  check.matcher = matcher.is_number_integer() ? base::to_text(matcher)
                                              : base::json_string(document, "matcher", check.matcher);
  return check;
}

base::Json to_json(const ListenerRule& rule) {
  base::Json conditions = base::Json::array();
  for (const RuleCondition& condition : rule.conditions) {
    conditions.push_back(
        {{"field", condition.field}, {"values", condition.values}, {"header", condition.header}});
  }
  base::Json forward = base::Json::array();
  for (const WeightedGroup& group : rule.action.forward)
    forward.push_back({{"arn", group.arn}, {"weight", group.weight}});
  base::Json document = {
      {"arn", rule.arn}, {"priority", rule.priority}, {"conditions", conditions}, {"forward", forward}};
  if (rule.action.sticky_seconds) document["sticky_seconds"] = *rule.action.sticky_seconds;
  if (rule.action.fixed) {
    document["fixed"] = {{"status", rule.action.fixed->status},
                         {"content_type", rule.action.fixed->content_type},
                         {"body", rule.action.fixed->body}};
  }
  return document;
}

ListenerRule rule_from_json(const base::Json& document) {
  ListenerRule rule;
  rule.arn = base::json_string(document, "arn");
  rule.priority = base::json_string(document, "priority", "default");
  for (const base::Json& entry : base::json_member(document, "conditions")) {
    RuleCondition condition{base::json_string(entry, "field"), {}, base::json_string(entry, "header")};
    for (const base::Json& value : base::json_member(entry, "values")) {
      if (value.is_string()) condition.values.push_back(value.get<std::string>());
    }
    rule.conditions.push_back(std::move(condition));
  }
  for (const base::Json& entry : base::json_member(document, "forward")) {
    rule.action.forward.push_back(
        {base::json_string(entry, "arn"), static_cast<int>(base::json_integer(entry, "weight", 1))});
  }
  if (document.contains("sticky_seconds"))
    rule.action.sticky_seconds = static_cast<int>(base::json_integer(document, "sticky_seconds"));
  if (const base::Json& fixed = base::json_member(document, "fixed"); fixed.is_object()) {
    rule.action.fixed = RouteDecision::FixedResponse{
        static_cast<int>(base::json_integer(fixed, "status", 503)),
        base::json_string(fixed, "content_type", "text/plain"), base::json_string(fixed, "body")};
  }
  return rule;
}

base::Json ElbState::to_json() {
  const auto guard = lock();
  base::Json document = {{"load_balancers", base::Json::array()},
                         {"target_groups", base::Json::array()},
                         {"listeners", base::Json::array()},
                         {"tags", tags}};
  for (const LoadBalancer& balancer : load_balancers) {
    document["load_balancers"].push_back({{"arn", balancer.arn},
                                          {"name", balancer.name},
                                          {"scheme", balancer.scheme},
                                          {"type", balancer.type},
                                          {"created_at", balancer.created_at},
                                          {"subnets", balancer.subnets},
                                          {"security_groups", balancer.security_groups},
                                          {"attributes", balancer.attributes}});
  }
  for (const TargetGroupRecord& record : target_groups) {
    document["target_groups"].push_back(
        {{"arn", record.arn},
         {"name", record.name},
         {"protocol", record.protocol},
         {"port", record.port},
         {"vpc_id", record.vpc_id},
         {"target_type", record.target_type},
         {"attributes", record.attributes},
         {"deregistration_delay_seconds", record.group->deregistration_delay_seconds()},
         {"health_check", emulator::to_json(record.group->health_check())}});
  }
  for (const auto& listener : listeners) {
    base::Json rules = base::Json::array();
    for (const ListenerRule& rule : listener->rules) rules.push_back(emulator::to_json(rule));
    document["listeners"].push_back({{"arn", listener->arn},
                                     {"load_balancer_arn", listener->load_balancer_arn},
                                     {"protocol", listener->protocol},
                                     {"port", listener->asked_port},
                                     {"rules", rules}});
  }
  return document;
}

base::Result<void> ElbState::load(const base::Json& document) {
  const auto guard = lock();
  const auto strings = [](const base::Json& list) {
    return list.is_array() ? list.get<std::vector<std::string>>() : std::vector<std::string>{};
  };
  const auto attributes = [](const base::Json& map) {
    return map.is_object() ? map.get<std::map<std::string, std::string>>()
                           : std::map<std::string, std::string>{};
  };
  try {
    for (const base::Json& entry : base::json_member(document, "load_balancers")) {
      LoadBalancer& balancer = add_load_balancer(base::json_string(entry, "name"));
      balancer.arn = base::json_string(entry, "arn");
      balancer.scheme = base::json_string(entry, "scheme");
      balancer.type = base::json_string(entry, "type");
      balancer.created_at = base::json_number(entry, "created_at");
      balancer.subnets = strings(base::json_member(entry, "subnets"));
      balancer.security_groups = strings(base::json_member(entry, "security_groups"));
      balancer.attributes = attributes(base::json_member(entry, "attributes"));
    }
    for (const base::Json& entry : base::json_member(document, "target_groups")) {
      TargetGroupRecord& record = add_target_group(
          base::json_string(entry, "name"), health_check_from_json(base::json_member(entry, "health_check")),
          base::json_number(entry, "deregistration_delay_seconds", 300));
      record.arn = base::json_string(entry, "arn");
      record.protocol = base::json_string(entry, "protocol");
      record.port = static_cast<int>(base::json_integer(entry, "port"));
      record.vpc_id = base::json_string(entry, "vpc_id");
      record.target_type = base::json_string(entry, "target_type");
      record.attributes = attributes(base::json_member(entry, "attributes"));
    }
    for (const base::Json& entry : base::json_member(document, "listeners")) {
      auto listener = std::make_unique<ListenerRecord>();
      listener->arn = base::json_string(entry, "arn");
      listener->load_balancer_arn = base::json_string(entry, "load_balancer_arn");
      listener->protocol = base::json_string(entry, "protocol");
      listener->asked_port = static_cast<int>(base::json_integer(entry, "port"));
      for (const base::Json& rule : base::json_member(entry, "rules"))
        listener->rules.push_back(rule_from_json(rule));
      if (listener->rules.empty())
        return base::make_error(base::ErrorKind::invalid_input,
                                "the kept ELBv2 state is damaged: a listener without rules");
      TRY(open(*listener));
      listeners.push_back(std::move(listener));
    }
    for (const auto& [arn, map] : base::json_member(document, "tags").items()) tags[arn] = attributes(map);
  } catch (const base::Json::exception& fault) {
    return base::make_error(base::ErrorKind::invalid_input,
                            fmt::format("the kept ELBv2 state is damaged: {}", fault.what()));
  }
  note_use();
  return {};
}

base::Json ElbState::status() {
  const auto guard = lock();
  base::Json document = {{"load_balancers", base::Json::array()}, {"target_groups", base::Json::array()}};
  for (const LoadBalancer& balancer : load_balancers) {
    base::Json list = base::Json::array();
    for (const auto& listener : listeners) {
      if (listener->load_balancer_arn != balancer.arn || !listener->server) continue;
      const FrontCounters& counters = listener->server->counters();
      list.push_back({{"url", fmt::format("http://127.0.0.1:{}", listener->port())},
                      {"port", listener->port()},
                      {"requests", counters.requests.load()},
                      {"elb_502", counters.answered_502.load()},
                      {"elb_503", counters.answered_503.load()},
                      {"elb_504", counters.answered_504.load()},
                      {"retried", counters.retried.load()}});
    }
    document["load_balancers"].push_back(
        {{"name", balancer.name}, {"arn", balancer.arn}, {"listeners", list}});
  }
  for (const TargetGroupRecord& record : target_groups) {
    base::Json entry = {{"name", record.name}, {"arn", record.arn}};
    entry.update(record.group->status());
    document["target_groups"].push_back(std::move(entry));
  }
  return document;
}

}  // namespace emulator
