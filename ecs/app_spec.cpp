#include "ecs/app_spec.h"

#include <fmt/format.h>

#include <cmath>

#include "base/strings.h"

namespace ecs {
namespace {

using base::Json;

/// The member whose key is that in any case.
base::Result<Json*> find_member(Json& object, std::string_view key) {
  if (object.is_object()) {
    for (auto member = object.begin(); member != object.end(); ++member) {
      if (base::equals_ignoring_case(member.key(), key)) return &member.value();
    }
  }
  return base::invalid_input(fmt::format("AppSpec file must include property '{}'", key));
}

/// JavaScript has one kind of number.
Json with_whole_numbers(const Json& value) {
  if (value.is_structured()) {
    Json copy = value;
    for (auto member = copy.begin(); member != copy.end(); ++member) *member = with_whole_numbers(*member);
    return copy;
  }
  constexpr double kExact = 9007199254740992.0;  // 2^53
  if (!value.is_number_float()) return value;
  const double number = value.get<double>();
  if (std::trunc(number) == number && std::abs(number) < kExact) return static_cast<std::int64_t>(number);
  return value;
}

}  // namespace

base::Result<void> set_task_definition(Json& app_spec, const std::string& task_definition_arn) {
  TRY(Json* const resources, find_member(app_spec, "resources"));
  for (auto& resource : *resources) {
    if (!resource.is_object()) continue;
    for (auto& content : resource) {
      TRY(Json* const properties, find_member(content, "properties"));
      TRY(Json* const definition, find_member(*properties, "taskDefinition"));
      *definition = task_definition_arn;
    }
  }
  return {};
}

std::string app_spec_text(const Json& app_spec) {
  return base::to_text(with_whole_numbers(app_spec));
}

Json make_app_spec(const std::string& container, int port) {
  const Json properties = {{"TaskDefinition", ""},
                           {"LoadBalancerInfo", {{"ContainerName", container}, {"ContainerPort", port}}}};
  const Json resource = {{"TargetService", {{"Type", "AWS::ECS::Service"}, {"Properties", properties}}}};
  return {{"version", 0.0}, {"Resources", Json::array({resource})}};
}

}  // namespace ecs
