#pragma once
// The AppSpec of an ECS deployment by CodeDeploy: what is deployed and which functions are asked at which
// events. Pure.

#include <map>
#include <string>

#include "base/json.h"
#include "base/result.h"

namespace emulator {

struct AppSpec {
  std::string task_definition;
  std::string container;
  int port = 0;
  std::string platform_version;
  base::Json network_configuration;          ///< as CreateTaskSet takes it; null when the service's stays
  base::Json capacity_provider_strategy;     ///< the same
  std::map<std::string, std::string> hooks;  ///< event → function
};

/// `document` is the AppSpec's JSON, or YAML as JSON; keys may be in any case, as CodeDeploy takes them.
base::Result<AppSpec> read_app_spec(const base::Json& document);

}  // namespace emulator
