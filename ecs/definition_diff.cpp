#include "ecs/definition_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/json.h"
#include "base/strings.h"
#include "ecs/task_definition.h"

namespace ecs {
namespace {

using base::Json;

constexpr std::size_t kLongestValue = 120;

/// What names an entry of a list, by the first of these members that it has.
constexpr const char* kNames[] = {"name",         "key",           "containerName",
                                  "sourceVolume", "containerPort", "valueFrom"};

std::string name_of(const Json& entry, std::size_t index) {
  for (const char* key : kNames) {
    const Json& name = base::json_member(entry, key);
    if (name.is_string()) return name.get<std::string>();
    if (name.is_number()) return base::to_text(name);
  }
  return std::to_string(index);
}

/// What AWS fills in when it is not said.
bool is_default(const std::string& path, const Json& value) {
  if (value.is_null() || (value.is_structured() && value.empty())) return true;
  const auto ends = [&](std::string_view end) { return path.ends_with(end); };
  return (ends(".essential") && value == true) || (ends(".cpu") && value == 0) ||
         (ends(".protocol") && value == "tcp") || ends(".hostPort");
}

void flatten(const Json& value, const std::string& path, std::map<std::string, std::string>& leaves) {
  if (is_default(path, value)) return;
  if (value.is_object()) {
    for (const auto& [key, member] : value.items())
      flatten(member, path.empty() ? key : path + "." + key, leaves);
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i)
      flatten(value[i], fmt::format("{}[{}]", path, name_of(value[i], i)), leaves);
  } else {
    leaves[path] = base::to_text(value);
  }
}

std::map<std::string, std::string> leaves_of(Json definition) {
  std::map<std::string, std::string> leaves;
  if (!definition.is_object()) return leaves;
  remove_described_keys(definition);
  definition.erase("tags");
  flatten(definition, "", leaves);
  return leaves;
}

}  // namespace

std::vector<Difference> differences(const Json& from, const Json& to) {
  const auto before = leaves_of(from);
  const auto after = leaves_of(to);
  std::vector<Difference> found;
  for (const auto& [path, value] : before) {
    const auto other = after.find(path);
    if (other == after.end()) {
      found.push_back({path, value, ""});
    } else if (other->second != value) {
      found.push_back({path, value, other->second});
    }
  }
  for (const auto& [path, value] : after) {
    if (!before.contains(path)) found.push_back({path, "", value});
  }
  std::sort(found.begin(), found.end(),
            [](const Difference& a, const Difference& b) { return a.path < b.path; });
  return found;
}

std::string to_string(const Difference& difference) {
  const bool is_variable = difference.path.find(".environment[") != std::string::npos;
  const auto shown = [&](const std::string& value) {
    if (value.empty()) return std::string("(absent)");
    return is_variable ? std::string("…") : std::string(base::clipped(value, kLongestValue));
  };
  return fmt::format("{}: {} → {}", difference.path, shown(difference.from), shown(difference.to));
}

}  // namespace ecs
