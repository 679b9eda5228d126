#include "emulator/app_spec.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"

namespace emulator {
namespace {

constexpr const char* kHookEvents[] = {"BeforeInstall", "AfterInstall", "AfterAllowTestTraffic",
                                       "BeforeAllowTraffic", "AfterAllowTraffic"};

const base::Json& spec_member(const base::Json& object, std::string_view name) {
  static const base::Json kNothing;
  if (!object.is_object()) return kNothing;
  for (const auto& [key, value] : object.items()) {
    if (base::equals_ignoring_case(key, name)) return value;
  }
  return kNothing;
}

std::string spec_text(const base::Json& object, std::string_view name) {
  const base::Json& value = spec_member(object, name);
  return value.is_string() ? value.get<std::string>() : "";
}

/// {Subnets, SecurityGroups, AssignPublicIp} → {subnets, securityGroups, assignPublicIp}
base::Json network_configuration(const base::Json& properties) {
  const base::Json& given =
      spec_member(spec_member(properties, "NetworkConfiguration"), "AwsvpcConfiguration");
  if (!given.is_object()) return nullptr;
  base::Json vpc = {{"subnets", base::Json::array()}};
  for (const char* key : {"subnets", "securityGroups", "assignPublicIp"}) {
    if (!spec_member(given, key).is_null()) vpc[key] = spec_member(given, key);
  }
  return {{"awsvpcConfiguration", std::move(vpc)}};
}

base::Json capacity_providers(const base::Json& properties) {
  const base::Json& given = spec_member(properties, "CapacityProviderStrategy");
  if (!given.is_array()) return nullptr;
  base::Json list = base::Json::array();
  for (const base::Json& entry : given) {
    base::Json item = {{"capacityProvider", spec_text(entry, "CapacityProvider")}};
    for (const char* key : {"base", "weight"}) {
      if (spec_member(entry, key).is_number_integer()) item[key] = spec_member(entry, key);
    }
    list.push_back(std::move(item));
  }
  return list;
}

base::Result<std::map<std::string, std::string>> read_hooks(const base::Json& list) {
  std::map<std::string, std::string> hooks;
  for (const base::Json& entry : list) {
    if (!entry.is_object())
      return base::invalid_input("Hooks must be a list of events with their functions.");
    for (const auto& [event, function] : entry.items()) {
      const auto* const known = std::find_if(
          std::begin(kHookEvents), std::end(kHookEvents),
          [&event = event](const char* name) { return base::equals_ignoring_case(event, name); });
      if (known == std::end(kHookEvents) || !function.is_string())
        return base::invalid_input(fmt::format("The AppSpec's hook {} is none of an ECS deployment.", event));
      hooks[*known] = function.get<std::string>();
    }
  }
  return hooks;
}

}  // namespace

base::Result<AppSpec> read_app_spec(const base::Json& document) {
  const base::Json& resources = spec_member(document, "Resources");
  if (!resources.is_array() || resources.size() != 1 || !resources[0].is_object() || resources[0].size() != 1)
    return base::invalid_input("The AppSpec must name exactly one target service under Resources.");
  const base::Json& service = *resources[0].begin();
  if (spec_text(service, "Type") != "AWS::ECS::Service")
    return base::invalid_input("The AppSpec's resource must be of the type AWS::ECS::Service.");
  const base::Json& properties = spec_member(service, "Properties");
  const base::Json& balancer = spec_member(properties, "LoadBalancerInfo");
  const base::Json& port = spec_member(balancer, "ContainerPort");
  AppSpec spec;
  spec.task_definition = spec_text(properties, "TaskDefinition");
  spec.container = spec_text(balancer, "ContainerName");
  // YAML and JSON writers quote it or not.
  const auto number = port.is_string()           ? base::parse_integer(port.get<std::string>())
                      : port.is_number_integer() ? std::optional(port.get<std::int64_t>())
                                                 : std::nullopt;
  if (spec.task_definition.empty())
    return base::invalid_input("The AppSpec file must include property 'TaskDefinition'.");
  if (spec.container.empty() || !number || *number < 1 || *number > 65535)
    return base::invalid_input("The AppSpec's LoadBalancerInfo needs a ContainerName and a ContainerPort.");
  spec.port = static_cast<int>(*number);
  spec.platform_version = spec_text(properties, "PlatformVersion");
  spec.network_configuration = network_configuration(properties);
  spec.capacity_provider_strategy = capacity_providers(properties);
  TRY(spec.hooks, read_hooks(spec_member(document, "Hooks")));
  return spec;
}

}  // namespace emulator
