#include "workflow/lint/project_types.h"

#include "workflow/lint/context_types.h"
#include "workflow/lint/known_actions.h"
#include "workflow/lint/local_references.h"
#include "workflow/yaml_reader.h"

namespace workflow::lint {

namespace {

const Node kAbsent;

// From the root of the repository; nothing for what cannot be read.
std::optional<std::string> path_of_uses(const ProjectFiles& files, const std::string& uses) {
  if (!is_local(uses)) return readable_path(files, uses);
  auto path = uses.substr(2);
  while (path.ends_with('/')) path.pop_back();
  return path;
}

TypePointer outputs_from(const Node& outputs) {
  if (has_computed_keys(outputs)) return map_of(string_type());
  Type type{.kind = TypeKind::object};
  for (const auto& [key, value] : outputs.members) type.set(key.text, string_type());
  return make_type(std::move(type));
}

}  // namespace

TypePointer ProjectTypes::outputs_of_action(const std::string& uses) {
  if (path_of_uses(files_, uses)) {
    const Node& action = local_action(uses);
    return action["runs"].is_mapping() ? outputs_from(action["outputs"]) : map_of(string_type());
  }
  const auto known = known_action_outputs(uses);
  return known ? strict_object(*known, string_type()) : map_of(string_type());
}

TypePointer ProjectTypes::outputs_of_workflow(const std::string& uses) {
  const Node& call = local_call(uses);
  return call.present() ? outputs_from(call["outputs"]) : map_of(string_type());
}

TypePointer ProjectTypes::inputs_of_workflow(const std::string& uses) {
  const Node& call = local_call(uses);
  if (!call.present() || has_computed_keys(call["inputs"])) return nullptr;
  Type type{.kind = TypeKind::object};
  for (const auto& [key, declaration] : call["inputs"].members)
    type.set(key.text, type_of_input(declaration));
  return make_type(std::move(type));
}

const Node& ProjectTypes::read(const std::string& path) {
  const auto [found, is_new] = documents_.try_emplace(path);
  if (!is_new || !files_.read) return found->second;
  const auto text = files_.read(path);
  if (!text) return found->second;
  Diagnostics problems;  // said where the file itself is checked
  auto root = read_yaml(path, *text, problems);
  if (problems.empty()) found->second = std::move(root);
  return found->second;
}

const Node& ProjectTypes::local_action(const std::string& uses) {
  const auto path = path_of_uses(files_, uses);
  if (!path) return kAbsent;
  const auto prefix = path->empty() ? *path : *path + "/";
  const Node& action = read(prefix + "action.yml");
  return action.present() ? action : read(prefix + "action.yaml");
}

const Node& ProjectTypes::local_call(const std::string& uses) {
  const auto path = path_of_uses(files_, uses);
  if (!path) return kAbsent;
  const Node& on = read(*path)["on"];
  return on.is_mapping() ? on["workflow_call"] : kAbsent;
}

}  // namespace workflow::lint
