#include "ecs/task_definition.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/json.h"
#include "base/strings.h"

namespace ecs {

namespace {

using base::ErrorKind;
using base::Json;
using base::make_error;
using base::Result;

constexpr std::array<const char*, 9> kDescribedKeys = {
    "compatibilities", "taskDefinitionArn", "requiresAttributes", "revision",         "status",
    "registeredAt",    "deregisteredAt",    "registeredBy",       "deleteRequestedAt"};

constexpr std::array<std::string_view, 9> kLogDrivers = {
    "json-file", "syslog", "journald", "logentries", "gelf", "fluentd", "awslogs", "splunk", "awsfirelens"};

/// Sets the entry of that name, or adds it.
void upsert(Json& list, const char* value_key, const std::pair<std::string, std::string>& entry) {
  if (!list.is_array()) list = Json::array();
  for (auto& known : list) {
    if (base::json_string(known, "name") != entry.first) continue;
    known[value_key] = entry.second;
    return;
  }
  list.push_back({{"name", entry.first}, {value_key, entry.second}});
}

/// Sets members of the object at `key`, which is made when it is not there.
void set_members(Json& parent, const char* key,
                 const std::vector<std::pair<std::string, std::string>>& members) {
  if (members.empty()) return;
  auto& object = parent[key];
  if (!object.is_object()) object = Json::object();
  for (const auto& [name, value] : members) object[name] = value;
}

void edit(Json& container, const ContainerEdits& edits) {
  container["image"] = edits.image;
  if (edits.command) container["command"] = *edits.command;
  if (!edits.environment_files.empty()) {
    Json files = Json::array();
    for (const auto& file : edits.environment_files) files.push_back({{"value", file}, {"type", "s3"}});
    container["environmentFiles"] = std::move(files);
  }
  for (const auto& entry : edits.environment) upsert(container["environment"], "value", entry);
  for (const auto& entry : edits.secrets) upsert(container["secrets"], "valueFrom", entry);
  if (!edits.log_driver.empty() || !edits.log_options.empty()) {
    auto& logging = container["logConfiguration"];
    if (!logging.is_object()) logging = Json::object();
    if (!edits.log_driver.empty()) logging["logDriver"] = edits.log_driver;
    set_members(logging, "options", edits.log_options);
  }
  set_members(container, "dockerLabels", edits.docker_labels);
}

bool is_empty(const Json& value) {
  if (value.is_null()) return true;
  if (value.is_string()) return value.get_ref<const std::string&>().empty();
  if (value.is_structured()) {
    for (const auto& child : value) {
      if (!is_empty(child)) return false;
    }
    return true;
  }
  return false;
}

Json cleaned(const Json& value, const std::set<std::string>& keep) {
  if (value.is_array()) {
    Json list = Json::array();
    for (const auto& entry : value) {
      if (!is_empty(entry)) list.push_back(cleaned(entry, keep));
    }
    return list;
  }
  if (!value.is_object()) return value;
  Json object = Json::object();
  for (const auto& [key, entry] : value.items()) {
    if (keep.contains(key) || !is_empty(entry)) object[key] = cleaned(entry, keep);
  }
  return object;
}

/// An empty name or value of a proxy's property means that, so both come back.
void restore_empty_properties(Json& definition) {
  if (base::json_string(base::json_member(definition, "proxyConfiguration"), "type") != "APPMESH") return;
  auto& proxy = definition["proxyConfiguration"];
  if (!base::json_member(proxy, "properties").is_array()) return;
  for (auto& property : proxy["properties"]) {
    if (!property.is_object()) continue;
    if (!property.contains("value")) property["value"] = "";
    if (!property.contains("name")) property["name"] = "";
  }
}

/// `value: ""` of an environment entry means an empty variable, so it comes back.
void restore_empty_variables(Json& definition) {
  if (!definition.contains("containerDefinitions")) return;
  for (auto& container : definition["containerDefinitions"]) {
    if (!container.is_object() || !container.contains("environment")) continue;
    for (auto& entry : container["environment"]) {
      if (entry.is_object() && !entry.contains("value")) entry["value"] = "";
    }
  }
}

}  // namespace

Result<void> edit_containers(Json& definition, const ContainerEdits& edits) {
  if (!base::json_member(definition, "containerDefinitions").is_array()) {
    return make_error(
        ErrorKind::invalid_input,
        "Invalid task definition format: containerDefinitions section is not present or is not an array");
  }
  if (!edits.log_driver.empty() &&
      std::find(kLogDrivers.begin(), kLogDrivers.end(), edits.log_driver) == kLogDrivers.end()) {
    return make_error(ErrorKind::invalid_input, fmt::format("'{}' is not a log driver; expected one of {}",
                                                            edits.log_driver, fmt::join(kLogDrivers, ", ")));
  }
  auto& containers = definition["containerDefinitions"];
  std::vector<Json*> chosen;
  for (const auto& name : edits.containers) {
    for (auto& container : containers) {
      if (base::json_string(container, "name") == name) chosen.push_back(&container);
    }
  }
  if (chosen.size() < edits.containers.size() || chosen.empty()) {
    return make_error(ErrorKind::invalid_input,
                      "Invalid task definition: Could not find container definition with matching name");
  }
  for (auto* container : chosen) edit(*container, edits);
  return {};
}

Result<std::vector<std::pair<std::string, std::string>>> parse_pairs(const std::string& text,
                                                                     const std::string& what) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto raw : base::lines_of(text)) {
    const auto line = base::trim(raw);
    if (line.empty()) continue;
    const auto equals = line.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      return make_error(ErrorKind::invalid_input,
                        fmt::format("Cannot parse the {} '{}'. {} pairs must be of the form NAME=value.",
                                    what, line, base::to_upper(what.substr(0, 1)) + what.substr(1)));
    }
    pairs.emplace_back(line.substr(0, equals), line.substr(equals + 1));
  }
  return pairs;
}

std::vector<std::string> remove_described_keys(Json& definition) {
  std::vector<std::string> removed;
  for (const char* key : kDescribedKeys) {
    if (!definition.contains(key)) continue;
    if (!is_empty(definition[key])) removed.emplace_back(key);
    definition.erase(key);
  }
  return removed;
}

Json without_empty_values(const Json& definition, const std::set<std::string>& keep) {
  auto result = cleaned(definition, keep);
  restore_empty_variables(result);
  restore_empty_properties(result);
  return result;
}

}  // namespace ecs
