#include "steps/composite_action.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <optional>
#include <utility>

#include "base/strings.h"
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

/// For readers of the log that want to tell the steps of an action apart: a switch of the machine.
bool wants_markers() {
  const char* value = std::getenv("ACTIONS_RUNNER_EMIT_COMPOSITE_MARKERS");
  const std::string text = base::to_lower(value == nullptr ? "" : value);
  return text == "true" || text == "1" || text == "$true";
}

/// `##[start-action …]` and `##[end-action …]` around a step of an action (actions/runner
/// CompositeActionHandler.cs).
class StepMarkers {
 public:
  StepMarkers(const workflow::Step& step, const StepScope& scope, RunningJob& job)
      : log_(*job.log),
        id_(escaped(scope.callers + "." + step.id)),
        started_(base::system_clock().steady_now()) {
    constexpr std::size_t kLongestName = 1000;
    const auto name = name_before_start(step, job);
    log_.line(LineKind::output, fmt::format("##[start-action display={};id={}]",
                                            escaped(std::string(base::clipped(name, kLongestName))), id_));
  }

  void end(const StepResult& result) const {
    const auto took =
        std::chrono::duration_cast<std::chrono::milliseconds>(base::system_clock().steady_now() - started_);
    log_.line(LineKind::output, fmt::format("##[end-action id={};outcome={};conclusion={};duration_ms={}]",
                                            id_, to_string(result.outcome), to_string(result.conclusion),
                                            result.outcome == Conclusion::skipped ? 0 : took.count()));
  }

 private:
  static std::string escaped(std::string text) {
    constexpr std::pair<const char*, const char*> kEscapes[] = {
        {"%", "%25"}, {";", "%3B"}, {"\r", "%0D"}, {"\n", "%0A"}, {"]", "%5D"}};
    for (const auto& [from, to] : kEscapes) text = base::replace_all(text, from, to);
    return text;
  }

  LogSink& log_;
  std::string id_;
  base::SteadyTime started_;
};

/// Each says whether a step of the action failed.
base::Result<bool> run_main_parts(const ActionUse& use, RunningJob& inner, const StepScope& scope) {
  const bool marked = wants_markers();
  for (const workflow::Step& step : use.action.metadata.steps) {
    set_github(inner, {{"action_status", std::string(to_string(inner.status))}});
    std::optional<StepMarkers> markers;
    if (marked) markers.emplace(step, scope, inner);
    TRY(const auto result, run_step_in(step, inner, scope));
    if (markers) markers->end(result);
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
  scope.callers = run.scope.callers.empty() ? run.step.id : run.scope.callers + "." + run.step.id;
  scope.stage = run.scope.stage;
  scope.job_stop = run.scope.depth == 0 ? run.job.stop : run.scope.job_stop;
  // What the callers' steps set in `env` lies over the job's environment in here, and only in here.
  scope.caller_environment = run.overrides;
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
