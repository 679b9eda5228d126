#include "steps/composite_action.h"

#include <fmt/format.h>

#include <utility>

#include "steps/action_inputs.h"
#include "steps/action_stages.h"
#include "steps/run_step.h"

namespace steps {
namespace {

using workflow::expression::Object;
using workflow::expression::Value;

constexpr int kDeepestNesting = 10;

/// The job as the action's steps see it: same sandbox, folders and environment; own inputs, steps and status.
RunningJob inner_job(const StepRun& run, const LoadedAction& action, const Outputs& inputs) {
  RunningJob inner = run.job;
  inner.post_steps.clear();
  inner.stop = run.stop;
  // Status functions look at the action in its main part, at the job elsewhere (runner's FailureFunction.cs).
  if (run.scope.stage == ActionStage::main) {
    inner.status = Conclusion::success;
    inner.failed_step.clear();
  }
  Object values;
  for (const auto& [name, value] : inputs) values.set(name, Value(value));
  inner.contexts.set("inputs", Value(std::move(values)));
  inner.contexts.set("steps", Value(Object()));
  for (const char* name : {"secrets", "vars", "needs"}) inner.contexts.set(name, Value());
  set_github(
      inner,
      {{"action_path", action.folder}, {"action_repository", action.repository}, {"action_ref", action.ref}});
  return inner;
}

/// What the action's steps did to the job beyond their own scope; their post parts are the action's own.
void give_back(RunningJob& inner, RunningJob& job, ActionUse& use) {
  job.environment = std::move(inner.environment);
  job.search_path = std::move(inner.search_path);
  job.matchers = std::move(inner.matchers);
  for (PostStep& post : inner.post_steps) use.posts.push_back(std::move(post));
}

/// Each says whether a step of the action failed.
base::Result<bool> run_main_parts(const ActionUse& use, RunningJob& inner, const StepScope& scope) {
  for (const workflow::Step& step : use.action.metadata.steps) {
    set_github(inner, {{"action_status", std::string(to_string(inner.status))}});
    TRY(const auto result, run_step_in(step, inner, scope));
    if (result.bad_condition) break;
  }
  return inner.status != Conclusion::success;
}

base::Result<bool> run_pre_parts(const ActionUse& use, RunningJob& inner, const StepScope& scope) {
  bool failed = false;
  for (const workflow::Step& step : use.action.metadata.steps) {
    const auto used = actions_of(inner).find(step);
    if (!used || !has_pre_part(*used, inner)) continue;
    TRY(const auto result, run_action_part(step, used, inner, scope));
    failed = failed || result.conclusion == Conclusion::failure;
  }
  return failed;
}

bool run_post_parts(ActionUse& use, RunningJob& inner) {
  bool failed = false;
  inner.post_steps = std::exchange(use.posts, {});
  while (!inner.post_steps.empty()) failed = run_last_post_step(inner) == Conclusion::failure || failed;
  return failed;
}

base::Result<bool> run_parts(ActionUse& use, RunningJob& inner, const StepScope& scope) {
  if (scope.stage == ActionStage::pre) return run_pre_parts(use, inner, scope);
  if (scope.stage == ActionStage::main) return run_main_parts(use, inner, scope);
  return run_post_parts(use, inner);
}

StepScope scope_within(const StepRun& run, const LoadedAction& action) {
  StepScope scope;
  scope.depth = run.scope.depth + 1;
  scope.action_path = action.folder;
  scope.stage = run.scope.stage;
  scope.job_stop = run.scope.depth == 0 ? run.job.stop : run.scope.job_stop;
  // What the callers' steps set in `env` lies over the job's environment in here, and only in here.
  scope.caller_environment = run.scope.caller_environment;
  for (const auto& [name, value] : run.environment) {
    const auto outer = run.job.environment.find(name);
    if (outer == run.job.environment.end() || outer->second != value) scope.caller_environment[name] = value;
  }
  return scope;
}

base::Result<Outputs> outputs_of(const LoadedAction& action, const RunningJob& inner) {
  auto scope = scope_of(inner);
  scope.file = action.metadata.file;
  Outputs outputs;
  for (const auto& [name, text] : action.metadata.outputs) {
    TRY(outputs[name], workflow::evaluate_text(text, scope)
                           .while_doing(fmt::format("evaluating the output '{}' of the action", name)));
  }
  return outputs;
}

}  // namespace

base::Result<StepEffects> run_composite_action(StepRun& run, const std::shared_ptr<ActionUse>& use) {
  const LoadedAction& action = use->action;
  if (run.scope.depth + 1 > kDeepestNesting) {
    return base::make_error(base::ErrorKind::invalid_input,
                            fmt::format("Composite action depth exceeded max depth {}", kDeepestNesting - 1));
  }
  TRY(const auto inputs, action_inputs(run, action));
  RunningJob inner = inner_job(run, action, inputs);
  if (run.scope.stage == ActionStage::post) inner.contexts.set("steps", use->steps);
  const StepScope scope = scope_within(run, action);
  base::Result<bool> done = run_parts(*use, inner, scope);

  StepEffects effects;
  effects.failed = done && *done;
  effects.reported_timeout = run.stop.stop_requested() && !scope.job_stop.stop_requested();
  if (done && run.scope.stage == ActionStage::main) {
    use->steps = inner.contexts.get("steps");
    if (auto outputs = outputs_of(action, inner)) {
      effects.outputs = std::move(*outputs);
    } else {
      done = std::move(outputs).error();
    }
  }
  give_back(inner, run.job, *use);
  if (run.scope.stage != ActionStage::post && !use->posts.empty()) register_post_part(run, use);
  if (!done) return std::move(done).error();
  return effects;
}

}  // namespace steps
