#include "emulator/elb_service.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

#include "base/clock.h"
#include "base/json.h"
#include "base/strings.h"

namespace emulator {
namespace {

base::Json balancer_json(const LoadBalancer& balancer) {
  base::Json zones = base::Json::array();
  char zone = 'a';
  for (const std::string& subnet : balancer.subnets) {
    zones.push_back({{"ZoneName", std::string("zone-1") + zone++}, {"SubnetId", subnet}});
  }
  return {{"LoadBalancerArn", balancer.arn},
          {"DNSName", "127.0.0.1"},  // its listeners are there, on the ports that DescribeListeners tells
          {"CanonicalHostedZoneId", "Z215JYRZR1TBD5"},
          {"CreatedTime", base::format_iso8601(base::from_epoch_seconds(balancer.created_at))},
          {"LoadBalancerName", balancer.name},
          {"Scheme", balancer.scheme},
          {"VpcId", "vpc-0a1b2c3d4e5f60718"},
          {"State", {{"Code", "active"}}},
          {"Type", balancer.type},
          {"AvailabilityZones", zones},
          {"SecurityGroups", balancer.security_groups},
          {"IpAddressType", "ipv4"}};
}

ApiFailure balancer_not_found() {
  return {"LoadBalancerNotFound", "One or more load balancers not found", 400};
}

base::Json attributes_json(const std::map<std::string, std::string>& attributes) {
  base::Json list = base::Json::array();
  for (const auto& [key, value] : attributes) list.push_back({{"Key", key}, {"Value", value}});
  return list;
}

ApiResult create_load_balancer(ElbState& state, const base::Json& input, double now) {
  const std::string name = text_of(input, "Name");
  if (name.empty() || name.size() > 32)
    return ApiFailure{"ValidationError", "A load balancer name must have 1 to 32 characters.", 400};
  if (text_of(input, "Type", "application") != "application") {
    return ApiFailure{"InvalidConfigurationRequest", "This emulator has application load balancers only.",
                      400};
  }
  if (state.find_load_balancer(name) != nullptr) {
    return ApiFailure{
        "DuplicateLoadBalancerName",
        fmt::format("A load balancer with the same name '{}' exists, but with different settings", name),
        400};
  }
  LoadBalancer& balancer = state.add_load_balancer(name);
  balancer.created_at = now;
  balancer.scheme = text_of(input, "Scheme", "internet-facing");
  if (auto subnets = texts_of(input, "Subnets"); !subnets.empty()) balancer.subnets = std::move(subnets);
  if (auto groups = texts_of(input, "SecurityGroups"); !groups.empty())
    balancer.security_groups = std::move(groups);
  keep_tags(state, balancer.arn, input);
  return base::Json{{"LoadBalancers", base::Json::array({balancer_json(balancer)})}};
}

ApiResult describe_load_balancers(ElbState& state, const base::Json& input) {
  std::vector<std::string> wanted = texts_of(input, "LoadBalancerArns");
  for (const std::string& name : texts_of(input, "Names")) wanted.push_back(name);
  base::Json list = base::Json::array();
  for (const std::string& name : wanted) {
    const LoadBalancer* balancer = state.find_load_balancer(name);
    if (balancer == nullptr)
      return ApiFailure{"LoadBalancerNotFound", fmt::format("Load balancers '[{}]' not found", name), 400};
    list.push_back(balancer_json(*balancer));
  }
  if (wanted.empty()) {
    for (const LoadBalancer& balancer : state.load_balancers) list.push_back(balancer_json(balancer));
  }
  return base::Json{{"LoadBalancers", list}};
}

ApiResult load_balancer_attributes(ElbState& state, const base::Json& input) {
  LoadBalancer* balancer = state.find_load_balancer(text_of(input, "LoadBalancerArn"));
  if (balancer == nullptr) return balancer_not_found();
  for (const base::Json& entry : base::json_member(input, "Attributes")) {
    balancer->attributes[text_of(entry, "Key")] = text_of(entry, "Value");
  }
  std::map<std::string, std::string> all = {{"deletion_protection.enabled", "false"},
                                            {"idle_timeout.timeout_seconds", "60"}};
  for (const auto& [key, value] : balancer->attributes) all[key] = value;
  return base::Json{{"Attributes", attributes_json(all)}};
}

ApiResult describe_tags(ElbState& state, const base::Json& input) {
  base::Json list = base::Json::array();
  for (const std::string& arn : texts_of(input, "ResourceArns")) {
    list.push_back({{"ResourceArn", arn}, {"Tags", attributes_json(state.tags[arn])}});
  }
  return base::Json{{"TagDescriptions", list}};
}

}  // namespace

std::string text_of(const base::Json& input, std::string_view key, std::string fallback) {
  const base::Json& value = base::json_member(input, key);
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number() || value.is_boolean()) return value.dump();
  return fallback;
}

double number_of(const base::Json& input, std::string_view key, double fallback) {
  const std::string text = text_of(input, key);
  if (text.empty()) return fallback;
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  return *end == '\0' ? number : std::nan("");
}

int integer_of(const base::Json& input, std::string_view key, int fallback) {
  const std::string text = text_of(input, key);
  if (text.empty()) return fallback;
  const auto number = base::parse_integer(text);
  return number && *number >= 0 && *number <= 1'000'000'000 ? static_cast<int>(*number) : -1;
}

std::vector<std::string> texts_of(const base::Json& input, std::string_view key) {
  std::vector<std::string> texts;
  const base::Json& list = base::json_member(input, key);
  if (!list.is_array()) return texts;
  for (const base::Json& entry : list) {
    if (entry.is_string()) texts.push_back(entry.get<std::string>());
  }
  return texts;
}

void keep_tags(ElbState& state, const std::string& arn, const base::Json& input) {
  for (const base::Json& tag : base::json_member(input, "Tags"))
    state.tags[arn][text_of(tag, "Key")] = text_of(tag, "Value");
}

void add_load_balancer_operations(ElbOperations& operations) {
  auto& functions = operations.functions;
  functions["CreateLoadBalancer"] = [&clock = operations.clock](ElbState& state, const base::Json& input) {
    return create_load_balancer(state, input, base::to_epoch_seconds(clock.now()));
  };
  functions["DescribeLoadBalancers"] = describe_load_balancers;
  functions["DescribeLoadBalancerAttributes"] = load_balancer_attributes;
  functions["ModifyLoadBalancerAttributes"] = load_balancer_attributes;
  functions["DescribeTags"] = describe_tags;
  functions["AddTags"] = [](ElbState& state, const base::Json& input) -> ApiResult {
    for (const std::string& arn : texts_of(input, "ResourceArns")) keep_tags(state, arn, input);
    return base::Json::object();
  };
  functions["RemoveTags"] = [](ElbState& state, const base::Json& input) -> ApiResult {
    for (const std::string& arn : texts_of(input, "ResourceArns")) {
      for (const std::string& key : texts_of(input, "TagKeys")) state.tags[arn].erase(key);
    }
    return base::Json::object();
  };
}

ServiceTable elb_service(ElbState& state, base::Clock& clock, const std::function<void()>& changed) {
  ElbOperations operations{state, clock, {}};
  add_load_balancer_operations(operations);
  add_target_group_operations(operations);
  add_listener_operations(operations);

  ServiceTable table;
  table.name = "elasticloadbalancing";
  table.protocol = Protocol::query;
  table.version = "2015-12-01";
  table.xml_namespace = "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/";
  for (const auto& [name, function] : operations.functions) {
    const bool reads = name.starts_with("Describe");
    table.operations[name] = [&state, function = function, reads, changed](const ApiCall& call) {
      std::unique_lock lock = state.lock();
      ApiResult result = function(state, call.input);
      lock.unlock();
      if (!reads && changed) changed();
      return result;
    };
  }
  // Closing a listener waits for its requests, which ask for the state: not under the lock.
  table.operations["DeleteListener"] = [&state, changed](const ApiCall& call) -> ApiResult {
    std::unique_lock lock = state.lock();
    auto taken = state.take_listener(text_of(call.input, "ListenerArn"));
    lock.unlock();
    if (!taken) return ApiFailure{"ListenerNotFound", "One or more listeners not found", 400};
    if (changed) changed();
    return base::Json::object();
  };
  table.operations["DeleteLoadBalancer"] = [&state, changed](const ApiCall& call) -> ApiResult {
    std::vector<std::unique_ptr<ListenerRecord>> taken;
    std::unique_lock lock = state.lock();
    const std::string arn = text_of(call.input, "LoadBalancerArn");
    std::vector<std::string> listeners;
    for (const auto& listener : state.listeners) {
      if (listener->load_balancer_arn == arn) listeners.push_back(listener->arn);
    }
    for (const std::string& listener : listeners) taken.push_back(state.take_listener(listener));
    std::erase_if(state.load_balancers, [&](const LoadBalancer& balancer) { return balancer.arn == arn; });
    lock.unlock();
    if (changed) changed();
    return base::Json::object();
  };
  return table;
}

}  // namespace emulator
