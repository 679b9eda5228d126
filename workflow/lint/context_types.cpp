#include "workflow/lint/context_types.h"

#include <algorithm>
#include <array>

#include "workflow/expression/template.h"

namespace workflow::lint {

namespace {

void add_strings(Type& type, std::initializer_list<std::string_view> names) {
  for (const auto name : names) type.set(std::string(name), string_type());
}

// As the runner knows them beside what is documented: env, output, path, state … are files of commands.
Type github_members() {
  Type type{.kind = TypeKind::object};
  add_strings(type, {"action",
                     "action_path",
                     "action_ref",
                     "action_repository",
                     "action_status",
                     "actor",
                     "actor_id",
                     "api_url",
                     "artifacts",
                     "artifacts_list",
                     "base_ref",
                     "env",
                     "event_name",
                     "event_path",
                     "graphql_url",
                     "head_ref",
                     "job",
                     "job_workflow_sha",
                     "output",
                     "path",
                     "ref",
                     "ref_name",
                     "ref_type",
                     "repository",
                     "repository_id",
                     "repository_owner",
                     "repository_owner_id",
                     "repository_visibility",
                     "repositoryUrl",
                     "retention_days",
                     "run_attempt",
                     "run_id",
                     "run_number",
                     "secret_source",
                     "server_url",
                     "sha",
                     "state",
                     "step_summary",
                     "token",
                     "triggering_actor",
                     "workflow",
                     "workflow_ref",
                     "workflow_sha",
                     "workspace"});
  type.set("ref_protected", any_type());
  return type;
}

TypePointer choice_type(const Node& options) {
  std::vector<std::string> values;
  for (const auto& option : options.items) values.push_back(option.text);
  return string_of(std::move(values));
}

void add_inputs(Type& type, const Node& declarations) {
  if (has_computed_keys(declarations)) type.other = any_type();
  for (const auto& [key, declaration] : declarations.members) {
    const auto known = type.members.find(key.text);
    auto input = type_of_input(declaration);
    type.set(key.text, known == type.members.end() ? input : merged(known->second.type, input));
  }
}

// Of a workflow that is called, the event is its caller's.
TypePointer event_name_type(const Node& on) {
  if (has_event(on, "workflow_call") || !on.present()) return string_type();
  std::vector<std::string> names;
  if (on.is_scalar()) names.push_back(on.text);
  for (const auto& item : on.items) names.push_back(item.text);
  for (const auto& member : on.members) names.push_back(member.key.text);
  return string_of(std::move(names));
}

TypePointer service_type() {
  Type service{.kind = TypeKind::object};
  add_strings(service, {"id", "network"});
  service.set("ports", map_of(string_type()));
  return make_type(std::move(service));
}

}  // namespace

TypePointer ContextTypes::find(std::string_view name) const {
  const std::array<std::pair<std::string_view, const TypePointer&>, 12> all{{{"github", github},
                                                                             {"env", env},
                                                                             {"vars", vars},
                                                                             {"secrets", secrets},
                                                                             {"inputs", inputs},
                                                                             {"job", job},
                                                                             {"jobs", jobs},
                                                                             {"steps", steps},
                                                                             {"runner", runner},
                                                                             {"strategy", strategy},
                                                                             {"matrix", matrix},
                                                                             {"needs", needs}}};
  for (const auto& [known, type] : all) {
    if (base::equals_ignoring_case(known, name)) return type;
  }
  return nullptr;
}

bool has_event(const Node& on, std::string_view event) {
  if (on.is_mapping()) return on[event].present();
  if (on.is_scalar()) return on.text == event;
  return std::any_of(on.items.begin(), on.items.end(), [&](const Node& item) { return item.text == event; });
}

TypePointer github_type(const Node& on) {
  Type type = github_members();
  Type event{.kind = TypeKind::object, .other = any_type()};
  const Node& dispatch = on["workflow_dispatch"];
  // A called workflow sees the event of its caller, with that one's inputs.
  if (has_event(on, "workflow_dispatch") && !has_event(on, "workflow_call") &&
      !has_computed_keys(dispatch["inputs"])) {
    Type inputs{.kind = TypeKind::object};
    for (const auto& [key, declaration] : dispatch["inputs"].members) inputs.set(key.text, string_type());
    event.set("inputs", make_type(std::move(inputs)));
  }
  type.set("event", make_type(std::move(event)));
  type.set("event_name", event_name_type(on));
  type.set("ref_type", string_of({"branch", "tag"}));
  type.set("repository_visibility", string_of({"public", "private", "internal"}));
  return make_type(std::move(type));
}

TypePointer runner_type() {
  static const TypePointer type = [] {
    Type runner{.kind = TypeKind::object};
    add_strings(runner, {"debug", "name", "temp", "tool_cache", "workspace"});
    runner.set("arch", string_of({"X86", "X64", "ARM", "ARM64"}));
    runner.set("environment", string_of({"github-hosted", "self-hosted"}));
    runner.set("os", string_of({"Linux", "Windows", "macOS"}));
    return make_type(std::move(runner));
  }();
  return type;
}

TypePointer strategy_type() {
  static const TypePointer type = [] {
    Type strategy{.kind = TypeKind::object};
    strategy.set("fail-fast", boolean_type());
    for (const auto* name : {"job-index", "job-total", "max-parallel"}) strategy.set(name, number_type());
    return make_type(std::move(strategy));
  }();
  return type;
}

TypePointer vars_type(const LintConfig& config) {
  if (!config.variables) return map_of(string_type());
  Type type{.kind = TypeKind::object};
  for (const auto& name : *config.variables) type.set(name, string_type());
  return make_type(std::move(type));
}

TypePointer secrets_type(const Node& on, const LintConfig& config) {
  const Node& declared = on["workflow_call"]["secrets"];
  const bool only_called = on.is_mapping() && on.members.size() == 1 && declared.present();
  if (has_computed_keys(declared) || (!only_called && !config.secrets)) return map_of(string_type());
  Type type{.kind = TypeKind::object};
  add_strings(type, {"GITHUB_TOKEN", "ACTIONS_STEP_DEBUG", "ACTIONS_RUNNER_DEBUG"});
  for (const auto& [key, declaration] : declared.members) type.set(key.text, string_type());
  if (config.secrets) {
    for (const auto& name : *config.secrets) type.set(name, string_type());
  }
  return make_type(std::move(type));
}

TypePointer type_of_input(const Node& declaration) {
  const Node& type = declaration["type"];
  if (type.text == "boolean") return boolean_type();
  if (type.text == "number") return number_type();
  if (type.text == "choice") return choice_type(declaration["options"]);
  if (type.text == "string" || type.text == "environment") return string_type();
  return any_type();
}

TypePointer inputs_type(const Node& on) {
  Type type{.kind = TypeKind::object};
  add_inputs(type, on["workflow_dispatch"]["inputs"]);
  add_inputs(type, on["workflow_call"]["inputs"]);
  return make_type(std::move(type));
}

TypePointer job_type(const Node& job) {
  Type type{.kind = TypeKind::object};
  type.set("status", string_of({"success", "failure", "cancelled"}));
  add_strings(type, {"workflow_ref", "workflow_sha", "workflow_repository", "workflow_file_path"});
  type.set("check_run_id", number_type());
  type.set("container", strict_object({"id", "network"}, string_type()));
  const Node& services = job["services"];
  Type known{.kind = TypeKind::object};
  if (has_computed_keys(services) || services.is_scalar()) known.other = service_type();
  for (const auto& [key, service] : services.members) known.set(key.text, service_type());
  type.set("services", make_type(std::move(known)));
  return make_type(std::move(type));
}

bool has_computed_keys(const Node& mapping) {
  return std::any_of(mapping.members.begin(), mapping.members.end(),
                     [](const Member& member) { return expression::has_expression(member.key.text); });
}

}  // namespace workflow::lint
