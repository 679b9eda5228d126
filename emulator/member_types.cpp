#include "emulator/member_types.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

#include "base/json.h"
#include "emulator/ecs_json.h"

namespace emulator {
namespace {

using base::Json;

// Almost every name has one type wherever ECS's model (botocore 1.44) has it; type_of() knows the others.
struct Kind {
  std::string_view type;
  std::string_view members;
};
constexpr Kind kKinds[] = {
    {"Integer",
     "containerPort hostPort memoryReservation startTimeout stopTimeout interval retries startPeriod "
     "softLimit hardLimit sizeInGiB sharedMemorySize maxSwap swappiness restartAttemptPeriod "
     "transitEncryptionPort desiredCount count maxResults healthCheckGracePeriodSeconds maximumPercent "
     "minimumHealthyPercent bakeTimeInMinutes weight base"},
    {"Boolean",
     "essential disableNetworking privileged readonlyRootFilesystem interactive pseudoTerminal "
     "initProcessEnabled autoprovision readOnly configuredAtLaunch enableFaultInjection forceNewDeployment "
     "enableECSManagedTags enableExecuteCommand force enable rollback"},
    {"String",
     "family taskRoleArn executionRoleArn networkMode image name containerName sourceContainer sourceVolume "
     "containerPath condition valueFrom user workingDirectory hostname protocol appProtocol logDriver "
     "pidMode ipcMode cluster serviceName service taskDefinition launchType platformVersion startedBy group "
     "clientToken propagateTags schedulingStrategy targetGroupArn reason nextToken"},
    {"list",
     "containerDefinitions volumes placementConstraints requiresCompatibilities portMappings environment "
     "environmentFiles mountPoints volumesFrom secrets secretOptions dependsOn command entryPoint links "
     "dnsServers dnsSearchDomains extraHosts dockerSecurityOptions ulimits systemControls "
     "resourceRequirements tags containerOverrides loadBalancers serviceRegistries subnets securityGroups "
     "capacityProviderStrategy volumeConfigurations services tasks include lifecycleHooks"},
    {"structure",
     "healthCheck logConfiguration linuxParameters runtimePlatform ephemeralStorage "
     "proxyConfiguration overrides networkConfiguration awsvpcConfiguration deploymentConfiguration "
     "deploymentCircuitBreaker deploymentController efsVolumeConfiguration firelensConfiguration "
     "repositoryCredentials"},
    {"map", "dockerLabels options driverOpts labels"},
};

std::string_view type_of(std::string_view member, std::string_view list) {
  // Of a task they are text, of a container numbers.
  if (member == "cpu" || member == "memory")
    return list == "containerDefinitions" || list == "containerOverrides" ? "Integer" : "String";
  if (member == "timeout") return list == "healthCheck" ? "Integer" : "";
  static const auto known = [] {
    std::map<std::string_view, std::string_view> types;
    for (const auto& kind : kKinds) {
      for (std::string_view rest = kind.members; !rest.empty();) {
        const auto end = std::min(rest.find(' '), rest.size());
        types[rest.substr(0, end)] = kind.type;
        rest.remove_prefix(std::min(end + 1, rest.size()));
      }
    }
    return types;
  }();
  const auto found = known.find(member);
  return found == known.end() ? "" : found->second;
}

std::string_view token_of(const Json& value) {
  if (value.is_string()) return "STRING_VALUE";
  if (value.is_boolean()) return value.get<bool>() ? "TRUE_VALUE" : "FALSE_VALUE";
  return "NUMBER_VALUE";
}

base::Error not_readable(std::string message) {
  return ecs_error("SerializationException", std::move(message));
}

base::Result<void> check_type(const Json& value, std::string_view type) {
  if (type == "list") return value.is_array() ? base::Result<void>() : not_readable("Expected list or null");
  if (type == "structure" || type == "map")
    return value.is_object() ? base::Result<void>() : not_readable("Expected structure or map");
  if (value.is_object()) return not_readable("Start of structure or map found where not expected.");
  if (value.is_array()) return not_readable("Start of list found where not expected");
  const bool holds = (type == "Integer" && value.is_number()) || (type == "Boolean" && value.is_boolean()) ||
                     (type == "String" && value.is_string());
  if (holds) return {};
  return not_readable(
      fmt::format("{} can not be converted to {} {}", token_of(value), type == "Integer" ? "an" : "a", type));
}

// The names in a map are the user's, its values text.
base::Result<void> check_map(const Json& map) {
  for (const auto& [name, value] : map.items()) {
    if (!value.is_null()) TRY(check_type(value, "String"));
  }
  return {};
}

// `list`: the member in which the object stands.
base::Result<void> check_object(const Json& object, std::string_view list) {
  for (const auto& [name, value] : object.items()) {
    if (value.is_null()) continue;
    const auto type = type_of(name, list);
    if (!type.empty()) TRY(check_type(value, type));
    if (type == "map") {
      TRY(check_map(value));
    } else if (value.is_object() && name != "hookDetails") {  // anything may stand in there
      TRY(check_object(value, name));
    } else if (value.is_array()) {
      for (const auto& entry : value) {
        if (entry.is_object()) TRY(check_object(entry, name));
      }
    }
  }
  return {};
}

}  // namespace

base::Result<void> check_member_types(const Json& request) {
  return check_object(request, "");
}

}  // namespace emulator
