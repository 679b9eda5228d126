#include "steps/node_action.h"

#include <fmt/format.h>

#include <memory>

#include "base/strings.h"
#include "steps/action_inputs.h"
#include "steps/step_environment.h"

namespace steps {
namespace {

using State = std::map<std::string, std::string>;

/// What the parts of one action have in common; lives until its post part has run.
struct NodeAction {
  workflow::Step step;  ///< a copy: the post part may outlive the composite action it stands in
  StepScope scope;
  std::string name;
  std::string folder;
  sandbox::EnvVars environment;  ///< the step's
  sandbox::EnvVars inputs;       ///< INPUT_*
  sandbox::EnvVars runtime;      ///< ACTIONS_*, which run steps do not get
  State state;
};

base::Result<StepEffects> run_part(NodeAction& action, const std::string& script, RunningJob& job,
                                   const std::stop_token& stop) {
  const base::Path path = base::Path(script).lexically_normal();
  if (path.is_absolute() || path.empty() || *path.begin() == "..") {
    return base::make_error(base::ErrorKind::invalid_input,
                            fmt::format("the action's script '{}' is not in the action's folder", script));
  }
  sandbox::EnvVars more = action.inputs;
  for (const auto& [name, value] : action.runtime) more[name] = value;
  for (const auto& [name, value] : action.state) more["STATE_" + name] = value;
  sandbox::Command command;
  command.argv = {"node", action.folder + "/" + path.string()};
  command.directory = job.folders.workspace.inside;
  StepRun run{action.step, job, action.scope, action.name, action.environment, stop, {}};
  // An image's own node goes before the machine's.
  auto instead = job.node_in_container;
  if (!instead.empty()) instead.insert(instead.end(), command.argv.begin() + 1, command.argv.end());
  TRY(auto effects, run_step_process(run, std::move(command), more, instead));
  for (const auto& [name, value] : effects.state) action.state[name] = value;
  return effects;
}

void merge(StepEffects& into, StepEffects more) {
  for (const auto& [name, value] : more.outputs) into.outputs[name] = value;
  for (auto& pair : more.environment) into.environment.push_back(std::move(pair));
  for (auto& folder : more.search_path) into.search_path.push_back(std::move(folder));
  into.summary += more.summary;
  into.failed = into.failed || more.failed;
}

std::string post_name(const std::string& name) {
  return name.starts_with("Post ") ? name : "Post " + name;
}

void register_post(const std::shared_ptr<NodeAction>& action, const LoadedAction& source, RunningJob& job) {
  PostStep post;
  post.name = post_name(action->name);
  post.condition = source.metadata.post_if;
  post.run = [action, script = source.metadata.post](RunningJob& running) -> base::Result<void> {
    set_github(running, {{"action", action->step.id}});
    TRY(auto effects, run_part(*action, script, running, running.abandoned));
    apply_to_job(effects, running);
    if (!effects.failed) return {};
    auto failed = base::make_error(base::ErrorKind::internal, "the post step failed");
    failed.code = kAlreadyReported;
    return failed;
  };
  job.post_steps.push_back(std::move(post));
}

}  // namespace

base::Result<StepEffects> run_node_action(StepRun& run, const LoadedAction& source) {
  const workflow::ActionMetadata& metadata = source.metadata;
  TRY(const auto inputs, action_inputs(run, source));
  auto action = std::make_shared<NodeAction>();
  action->step = run.step;
  action->scope = run.scope;
  action->scope.action_path = source.folder;
  action->name = run.name;
  action->folder = source.folder;
  action->environment = run.environment;
  action->runtime = run.job.runtime_environment;
  for (const auto& [name, value] : inputs) action->inputs[input_variable(name)] = value;
  set_github(run.job, {{"action_repository", source.repository}, {"action_ref", source.ref}});

  StepEffects all;
  if (!metadata.post.empty()) register_post(action, source, run.job);
  if (!metadata.pre.empty()) {
    if (!source.is_remote()) {
      run.job.log->annotation({LineKind::warning,
                               fmt::format("`pre` execution is not supported for local action from '{}'",
                                           run.step.uses ? run.step.uses->text : source.folder),
                               "", ""});
    } else {
      const std::string condition = metadata.pre_if.empty() ? "always()" : metadata.pre_if;
      TRY(const bool wanted,
          workflow::evaluate_condition(workflow::Text{condition, 0, 0}, scope_of(run.job)));
      if (wanted) {
        TRY(auto pre, run_part(*action, metadata.pre, run.job, run.stop));
        apply_to_job(pre, run.job);
        for (const auto& [name, value] : pre.environment) action->environment[name] = value;
        if (pre.failed) return pre;
      }
    }
  }
  TRY(auto main, run_part(*action, metadata.main, run.job, run.stop));
  merge(all, std::move(main));
  return all;
}

}  // namespace steps
