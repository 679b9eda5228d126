#include "steps/node_version.h"

#include <fmt/format.h>

#include <cstdlib>
#include <optional>

#include "base/process.h"
#include "base/strings.h"

namespace steps {
namespace {

constexpr const char* kForce = "FORCE_JAVASCRIPT_ACTIONS_TO_NODE24";
constexpr const char* kAllowOld = "ACTIONS_ALLOW_USE_UNSECURE_NODE_VERSION";
constexpr std::string_view kUsualFolders = "/usr/local/bin:/usr/bin:/bin";

/// What a variable says, and whether the workflow or the runner's own environment says it.
struct Setting {
  bool in_workflow = false;
  bool in_system = false;
};

// StringUtil.ConvertToBoolean of actions/runner.
bool is_set(std::string_view value) {
  const auto text = base::to_lower(base::trim(value));
  return text == "1" || text == "true" || text == "$true";
}

Setting setting_of(const char* name, const OrderedVariables& environment) {
  Setting setting;
  if (const auto found = environment.find(name); found != environment.end()) {
    setting.in_workflow = is_set(found->second);
    return setting;
  }
  const char* value = std::getenv(name);
  setting.in_system = value != nullptr && is_set(value);
  return setting;
}

}  // namespace

NodeChoice choose_node(std::string_view using_version, const OrderedVariables& environment) {
  const auto asked = base::to_lower(using_version);
  if (asked != "node12" && asked != "node16" && asked != "node20") return {.version = asked};
  const auto force = setting_of(kForce, environment);
  const auto allow = setting_of(kAllowOld, environment);
  const bool both_in_workflow = force.in_workflow && allow.in_workflow;
  if (both_in_workflow || (force.in_system && allow.in_system)) {
    return {.version = "node24",
            .warning = fmt::format(
                "Both {} and {} environment variables are set to true in the {} environment. This is "
                "likely a configuration error. Using the default Node version: node24.",
                kForce, kAllowOld, both_in_workflow ? "workflow" : "system"),
            .is_newer = true};
  }
  if (allow.in_workflow || allow.in_system) return {.version = "node20"};
  return {.version = "node24", .is_newer = true};
}

std::string node_program(const std::string& version) {
  for (const std::string_view name : {std::string_view(version), std::string_view("node")}) {
    if (const auto found = base::find_program(name, kUsualFolders)) return found->string();
  }
  return "node";
}

}  // namespace steps
