#include "steps/node_action.h"

#include <fmt/format.h>

#include "base/process.h"
#include "steps/action_inputs.h"
#include "steps/action_stages.h"
#include "steps/action_uses.h"
#include "steps/node_version.h"
#include "steps/step_environment.h"

namespace steps {
namespace {

const std::string& script_of(ActionStage stage, const workflow::ActionMetadata& metadata) {
  if (stage == ActionStage::pre) return metadata.pre;
  return stage == ActionStage::main ? metadata.main : metadata.post;
}

base::Result<std::string> script_in_folder(const LoadedAction& action, const std::string& script) {
  const base::Path path = base::Path(script).lexically_normal();
  if (path.is_absolute() || path.empty() || *path.begin() == "..") {
    return base::make_error(base::ErrorKind::invalid_input,
                            fmt::format("the action's script '{}' is not in the action's folder", script));
  }
  return action.folder + "/" + path.string();
}

/// In a container the image's own, which goes before the machine's.
std::string program_for(const StepRun& run, const ActionUse& use) {
  const auto choice = choose_node(use.action.metadata.using_version, run.environment);
  if (!choice.warning.empty()) run.job.log->annotation({LineKind::warning, choice.warning, "", ""});
  if (choice.is_newer) actions_of(run.job).add_run_by_newer_node(use.uses);
  return run.job.root == JobRoot::container ? "node" : node_program(choice.version);
}

}  // namespace

base::Result<StepEffects> run_node_action(StepRun& run, const std::shared_ptr<ActionUse>& use) {
  const LoadedAction& action = use->action;
  const auto stage = run.scope.stage;
  TRY(const auto inputs, action_inputs(run, action));
  if (stage != ActionStage::post && !action.metadata.post.empty()) register_post_part(run, use);
  TRY(const auto script, script_in_folder(action, script_of(stage, action.metadata)));
  sandbox::EnvVars more = run.job.runtime_environment;
  for (const auto& [name, value] : inputs) more[input_variable(name)] = value;
  for (const auto& [name, value] : use->state) more["STATE_" + name] = value;
  TRY(auto effects, run_step_script(run, program_for(run, *use), script, more));
  for (const auto& [name, value] : effects.state) use->state[name] = value;
  return effects;
}

}  // namespace steps
