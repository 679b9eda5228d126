// `uses:` steps: the built-in of that name, or the action's own action.yml.

#include <fmt/format.h>

#include "base/json.h"
#include "base/strings.h"
#include "steps/action_images.h"
#include "steps/action_inputs.h"
#include "steps/action_source.h"
#include "steps/action_stages.h"
#include "steps/action_uses.h"
#include "steps/builtin_actions.h"
#include "steps/composite_action.h"
#include "steps/docker_action.h"
#include "steps/node_action.h"
#include "steps/prepare_actions.h"
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
  call.step = &run;
  TRY(auto outcome, find_builtin_action(uses)(call, job));
  StepEffects effects;
  effects.outputs = std::move(outcome.outputs);
  effects.environment = std::move(outcome.environment);
  effects.search_path = std::move(outcome.search_path);
  effects.summary = std::move(outcome.summary);
  if (outcome.post) job.post_steps.push_back(std::move(*outcome.post));
  effects.failed = outcome.failed;
  if (outcome.failure) {
    if (!run.stop.stop_requested()) report_failure(job, *outcome.failure);
    effects.failed = true;
  }
  return effects;
}

namespace {

/// What the step uses: prepared before the first step, or of the workspace and read now.
base::Result<std::shared_ptr<ActionUse>> use_of_step(StepRun& run, const std::string& uses) {
  RunningJob& job = run.job;
  if (auto prepared = actions_of(job).find(run.step); prepared && prepared->action.is_remote())
    return prepared;
  if (!is_local_action(uses)) {
    return base::make_error(base::ErrorKind::internal,
                            fmt::format("the action '{}' was not fetched before the job's steps", uses));
  }
  auto use = std::make_shared<ActionUse>();
  use->uses = uses;
  TRY(use->action, load_local_action(uses, job));
  actions_of(job).add(run.step, use);
  if (use->action.metadata.kind == workflow::ActionKind::composite) {
    TRY(prepare_local_action(*use, job));
    std::vector<const workflow::Step*> inner;
    for (const auto& step : use->action.metadata.steps) inner.push_back(&step);
    for (const auto& image : images_of_steps(inner, job, run.stop)) TRY(image.obtain());
  }
  if (has_local_pre_part(*use, job)) {
    job.log->annotation({LineKind::warning,
                         fmt::format("`pre` execution is not supported for local action from '{}'", uses), "",
                         ""});
  }
  return use;
}

}  // namespace

namespace {

// Most actions that ask for GitHub's token do not say so well what they miss.
void tell_of_missing_token(const StepRun& run, const LoadedAction& action, const Outputs& inputs) {
  for (const auto& input : action.metadata.inputs) {
    if (!input.default_value || input.default_value->text.find("github.token") == std::string::npos) continue;
    const auto value = inputs.find(input.name);
    if (value != inputs.end() && !value->second.empty()) continue;
    run.job.log->line(
        LineKind::output,
        fmt::format("Input '{}' is empty: this run has no token of GitHub. Give it one with --secret "
                    "GITHUB_TOKEN=…, or this step an input '{}'.",
                    input.name, input.name));
  }
}

}  // namespace

base::Result<StepEffects> run_sourced_action(StepRun& run, const std::string& uses) {
  if (uses.starts_with("docker://")) {
    open_action_log(run, uses, run.with);
    return run_docker_image(run, uses);
  }
  TRY(const auto use, use_of_step(run, uses));
  return run_prepared_action(run, use);
}

base::Result<StepEffects> run_prepared_action(StepRun& run, const std::shared_ptr<ActionUse>& use) {
  const LoadedAction& action = use->action;
  set_github(run.job, {{"action_repository", action.repository}, {"action_ref", action.ref}});
  TRY(const Outputs inputs, action_inputs(run, action));
  if (run.scope.stage == ActionStage::post) {
    run.job.log->line(LineKind::output, "Post job cleanup.");
  } else {
    open_action_log(run, use->uses, inputs);
  }
  if (run.scope.stage == ActionStage::main) tell_of_missing_token(run, action, inputs);
  if (action.metadata.kind == workflow::ActionKind::composite) return run_composite_action(run, use);
  if (action.metadata.kind == workflow::ActionKind::docker) return run_docker_action(run, use);
  return run_node_action(run, use);
}

}  // namespace steps
