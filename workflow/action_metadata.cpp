#include "workflow/action_metadata.h"

#include <fmt/format.h>

#include "workflow/parse_workflow.h"
#include "workflow/schema.h"
#include "workflow/yaml_reader.h"

namespace workflow {

namespace {

base::Error error_of(const Diagnostics& diagnostics) {
  auto error = base::make_error(base::ErrorKind::invalid_input, diagnostics.front().message);
  error.location = diagnostics.front().location;
  for (std::size_t i = 1; i < diagnostics.size(); ++i) error.trace.push_back(to_string(diagnostics[i]));
  return error;
}

void read_docker(const std::string& path, const Node& runs, ActionMetadata& action,
                 Diagnostics& diagnostics) {
  action.kind = ActionKind::docker;
  action.image = runs["image"].text;
  if (action.image.empty())
    diagnostics.push_back({{path, runs.line, runs.column}, "Required property is missing: image"});
  if (const auto& entrypoint = runs["entrypoint"]; !entrypoint.text.empty())
    action.entrypoint = entrypoint.text;
  action.pre = runs["pre-entrypoint"].text;
  action.post = runs["post-entrypoint"].text;
  action.pre_if = runs["pre-if"].text;
  action.post_if = runs["post-if"].text;
  for (const auto& argument : runs["args"].items)
    action.args.push_back({argument.text, argument.line, argument.column});
  for (const auto& [name, value] : runs["env"].members)
    action.environment.emplace_back(name.text, Text{value.text, value.line, value.column});
}

void read_runs(const std::string& path, const Node& runs, ActionMetadata& action, Diagnostics& diagnostics) {
  action.using_version = runs["using"].text;
  if (action.using_version == "composite") {
    action.kind = ActionKind::composite;
    action.steps = parse_steps(path, runs["steps"], diagnostics);
    for (const auto& step : action.steps) {
      if (step.run && !step.shell) {
        diagnostics.push_back({{path, step.line, step.column}, "Required property is missing: shell"});
      }
    }
  } else if (action.using_version.starts_with("node")) {
    action.kind = ActionKind::node;
    action.main = runs["main"].text;
    action.pre = runs["pre"].text;
    action.post = runs["post"].text;
    action.pre_if = runs["pre-if"].text;
    action.post_if = runs["post-if"].text;
    if (action.main.empty())
      diagnostics.push_back({{path, runs.line, runs.column}, "Required property is missing: main"});
  } else if (action.using_version == "docker") {
    read_docker(path, runs, action, diagnostics);
  } else {
    diagnostics.push_back(
        {{path, runs["using"].line, runs["using"].column},
         fmt::format("'using: {}' is not supported; use composite, docker, node20 or node24",
                     action.using_version)});
  }
}

}  // namespace

ActionDraft read_action(const std::string& path, std::string_view text, std::size_t most_problems) {
  ActionDraft draft;
  auto& diagnostics = draft.diagnostics;
  draft.root = read_yaml(path, text, diagnostics, {.refuse_duplicates = false});
  const Node& root = draft.root;
  if (diagnostics.empty() && !root.is_mapping())
    diagnostics.push_back({{path, 1, 1}, "expected a mapping with runs"});
  if (!diagnostics.empty()) return draft;
  SchemaReading reading{.most_problems = most_problems};
  check_schema(path, draft.root, action_rule(), reading, diagnostics);
  if (diagnostics.empty()) diagnostics = std::move(reading.conditions);
  auto& action = draft.action;
  action.file = path;
  action.name = root["name"].text;
  for (const auto& [name, config] : root["inputs"].members) {
    ActionInput input{.name = name.text};
    if (const auto& value = config["default"]; value.present() && value.kind != NodeKind::null) {
      input.default_value = Text{value.text, value.line, value.column};
    }
    input.required = config["required"].text == "true";
    input.deprecation_message = config["deprecationMessage"].text;
    action.inputs.push_back(std::move(input));
  }
  for (const auto& [name, config] : root["outputs"].members) {
    const auto& value = config["value"];
    if (value.present()) action.outputs.emplace_back(name.text, Text{value.text, value.line, value.column});
  }
  // What does not fit the schema would be found wrong a second time.
  if (diagnostics.empty()) read_runs(path, root["runs"], action, diagnostics);
  if (diagnostics.size() > most_problems) diagnostics.resize(most_problems);
  return draft;
}

base::Result<ActionMetadata> load_action(const std::string& path, std::string_view text) {
  auto draft = read_action(path, text);
  if (!draft.diagnostics.empty()) return error_of(draft.diagnostics);
  return std::move(draft.action);
}

}  // namespace workflow
