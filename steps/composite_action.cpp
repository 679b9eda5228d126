#include "steps/composite_action.h"

#include <fmt/format.h>

#include "steps/action_inputs.h"

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
  inner.status = Conclusion::success;
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

/// What the action's steps did to the job beyond their own scope.
void give_back(RunningJob& inner, RunningJob& job) {
  job.environment = std::move(inner.environment);
  job.search_path = std::move(inner.search_path);
  job.matchers = std::move(inner.matchers);
}

/// One post step for those of all actions within, last first; one that fails does not keep the others.
PostStep post_of_all(const std::string& name, std::vector<PostStep> posts) {
  PostStep all;
  all.name = "Post " + name;
  all.run = [posts = std::move(posts)](RunningJob& job) -> base::Result<void> {
    bool failed = false;
    for (auto post = posts.rbegin(); post != posts.rend(); ++post)
      failed = run_post_step(*post, job) == Conclusion::failure || failed;
    if (!failed) return {};
    auto error = base::make_error(base::ErrorKind::internal, "a post step of the action failed");
    error.code = kAlreadyReported;
    return error;
  };
  return all;
}

base::Result<void> run_steps(const LoadedAction& action, RunningJob& inner, const StepScope& scope) {
  for (const workflow::Step& step : action.metadata.steps) {
    set_github(inner, {{"action_status", std::string(to_string(inner.status))}});
    TRY(const auto result, run_step_in(step, inner, scope));
    if (result.bad_condition) break;
  }
  return {};
}

}  // namespace

base::Result<StepEffects> run_composite_action(StepRun& run, const LoadedAction& action) {
  if (run.scope.depth + 1 > kDeepestNesting) {
    return base::make_error(base::ErrorKind::invalid_input,
                            fmt::format("Composite action depth exceeded max depth {}", kDeepestNesting - 1));
  }
  TRY(const auto inputs, action_inputs(run, action));
  RunningJob inner = inner_job(run, action, inputs);
  StepScope scope;
  scope.depth = run.scope.depth + 1;
  scope.action_path = action.folder;
  scope.job_stop = run.scope.depth == 0 ? run.job.stop : run.scope.job_stop;
  // What the callers' steps set in `env` lies over the job's environment in here, and only in here.
  scope.caller_environment = run.scope.caller_environment;
  for (const auto& [name, value] : run.environment) {
    const auto outer = run.job.environment.find(name);
    if (outer == run.job.environment.end() || outer->second != value) scope.caller_environment[name] = value;
  }
  base::Result<void> done = run_steps(action, inner, scope);

  StepEffects effects;
  effects.failed = inner.status != Conclusion::success;
  effects.reported_timeout = run.stop.stop_requested() && !scope.job_stop.stop_requested();
  if (done) {
    auto inner_scope = scope_of(inner);
    inner_scope.file = action.metadata.file;
    for (const auto& [name, text] : action.metadata.outputs) {
      auto value = workflow::evaluate_text(text, inner_scope);
      if (!value) {
        done = std::move(value).error().while_doing(
            fmt::format("evaluating the output '{}' of the action", name));
        break;
      }
      effects.outputs[name] = std::move(*value);
    }
  }
  if (!inner.post_steps.empty())
    run.job.post_steps.push_back(post_of_all(run.name, std::move(inner.post_steps)));
  give_back(inner, run.job);
  if (!done) return std::move(done).error();
  return effects;
}

}  // namespace steps
