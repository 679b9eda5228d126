// `uses:` steps: the built-in of that name, or the action's own action.yml.

#include <fmt/format.h>

#include "base/json.h"
#include "base/strings.h"
#include "steps/action_inputs.h"
#include "steps/action_source.h"
#include "steps/builtin_actions.h"
#include "steps/composite_action.h"
#include "steps/docker_action.h"
#include "steps/node_action.h"
#include "steps/step_environment.h"
#include "steps/step_log.h"
#include "steps/step_run.h"

namespace steps {

base::Result<StepEffects> run_builtin_action(StepRun& run, const std::string& uses) {
  RunningJob& job = run.job;
  open_action_log(run, uses, run.with);
  ActionCall call;
  call.uses = uses;
  call.step_name = run.name;
  for (const auto& [name, value] : run.with) call.inputs[base::to_lower(name)] = value;
  call.environment =
      process_environment(job, run.environment, job.contexts.get("github"), job.contexts.get("runner"));
  call.stop = run.stop;
  TRY(auto outcome, find_builtin_action(uses)(call, job));
  StepEffects effects;
  for (auto& [name, value] : outcome.outputs) effects.outputs[name] = std::move(value);
  effects.environment = std::move(outcome.environment);
  effects.search_path = std::move(outcome.search_path);
  effects.summary = std::move(outcome.summary);
  if (outcome.post) job.post_steps.push_back(std::move(*outcome.post));
  if (outcome.failure) {
    if (!run.stop.stop_requested()) report_failure(job, *outcome.failure);
    effects.failed = true;
  }
  return effects;
}

base::Result<StepEffects> run_sourced_action(StepRun& run, const std::string& uses) {
  if (uses.starts_with("docker://")) {
    open_action_log(run, uses, run.with);
    return run_docker_image(run, uses);
  }
  TRY(const LoadedAction action, load_action_source(uses, run.job));
  TRY(const Outputs inputs, action_inputs(run, action));
  open_action_log(run, uses, inputs);
  if (action.metadata.kind == workflow::ActionKind::docker) return run_docker_action(run, action);
  if (action.metadata.kind == workflow::ActionKind::composite) return run_composite_action(run, action);
  return run_node_action(run, action);
}

}  // namespace steps
