#include "workflow/lint/local_references.h"

#include "base/strings.h"

namespace workflow::lint {

namespace {

// Enough to see all that is wrong with one file.
constexpr std::size_t kMostProblems = 100;

LocalAction read_local_action(const ProjectFiles& files, const std::string& folder) {
  const auto prefix = folder.empty() ? "" : folder + "/";
  for (const auto* name : {"action.yml", "action.yaml"}) {
    if (const auto text = files.read(prefix + name))
      return {prefix + name, true, read_action(prefix + name, *text, kMostProblems)};
  }
  for (const auto* name : {"Dockerfile", "dockerfile"}) {
    if (files.read(prefix + name)) return {prefix + name, false, {}};
  }
  return {};
}

std::vector<std::string> names_of(const Node& mapping) {
  std::vector<std::string> names;
  for (const auto& [name, value] : mapping.members) names.push_back(name.text);
  return names;
}

const Trigger* find_call(const Workflow& workflow) {
  for (const auto& trigger : workflow.triggers) {
    if (trigger.event == "workflow_call") return &trigger;
  }
  return nullptr;
}

}  // namespace

bool is_local(std::string_view uses) {
  return uses.starts_with("./") || uses.starts_with("$/");
}

std::optional<std::string> local_path(std::string_view uses) {
  if (!is_local(uses)) return std::nullopt;
  std::vector<std::string> kept;
  for (const auto& segment : base::split(std::string(uses.substr(1)), '/')) {
    if (segment.empty() || segment == ".") continue;
    if (segment != "..") {
      kept.push_back(segment);
    } else if (kept.empty()) {
      return std::nullopt;
    } else {
      kept.pop_back();
    }
  }
  return base::join(kept, "/");
}

std::optional<std::string> readable_path(const ProjectFiles& files, std::string_view uses) {
  if (is_local(uses)) return local_path(uses);
  return files.fetched ? files.fetched(uses) : std::nullopt;
}

const Node& LocalWorkflow::call() const {
  static const Node kAbsent;
  const auto* trigger = find_call(draft.workflow);
  return trigger == nullptr ? kAbsent : trigger->config;
}

bool LocalWorkflow::can_be_called() const {
  return find_call(draft.workflow) != nullptr;
}

const LocalAction* LocalReferences::find_action(std::string_view uses) {
  const auto folder = readable_path(files_, uses);
  if (!folder || !files_.read) return nullptr;
  auto found = actions_.find(*folder);
  if (found == actions_.end()) found = actions_.emplace(*folder, read_local_action(files_, *folder)).first;
  return &found->second;
}

const LocalWorkflow* LocalReferences::find_workflow(std::string_view uses) {
  const auto path = readable_path(files_, uses);
  if (!path || !files_.read) return nullptr;
  const auto found = workflows_.find(*path);
  if (found != workflows_.end()) return &found->second;
  LocalWorkflow workflow{.path = *path};
  if (const auto text = files_.read(*path)) {
    workflow.exists = true;
    workflow.draft = read_workflow(*path, *text, kMostProblems);
  }
  return &workflows_.emplace(*path, std::move(workflow)).first->second;
}

std::optional<std::vector<std::string>> LocalReferences::action_outputs(std::string_view uses) {
  const auto* action = find_action(uses);
  if (action == nullptr || !action->has_metadata || !action->draft.root.is_mapping()) return std::nullopt;
  return names_of(action->draft.root["outputs"]);
}

std::optional<std::vector<std::string>> LocalReferences::workflow_outputs(std::string_view uses) {
  const auto* called = find_workflow(uses);
  if (called == nullptr || !called->exists || !called->can_be_called()) return std::nullopt;
  return names_of(called->call()["outputs"]);
}

}  // namespace workflow::lint
