#include "steps/run_step.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/json.h"
#include "base/strings.h"
#include "steps/builtin_actions.h"
#include "steps/step_log.h"
#include "steps/step_run.h"
#include "steps/time_limit.h"

namespace steps {
namespace {

using workflow::expression::Object;
using workflow::expression::Value;

/// How long a step may still take that runs although the job was cancelled (cancel-timeout-minutes' default).
constexpr std::chrono::minutes kAfterCancellation{5};

/// Puts the contexts that a step changes back when it ends.
class ContextsOfStep {
 public:
  explicit ContextsOfStep(RunningJob& job)
      : job_(job), github_(job.contexts.get("github")), env_(job.contexts.get("env")) {}
  ContextsOfStep(const ContextsOfStep&) = delete;
  ContextsOfStep& operator=(const ContextsOfStep&) = delete;
  ~ContextsOfStep() {
    job_.contexts.set("github", github_);
    job_.contexts.set("env", env_);
  }

 private:
  RunningJob& job_;
  Value github_;
  Value env_;
};

void record(const workflow::Step& step, const StepResult& result, RunningJob& job) {
  const Conclusion conclusion = result.conclusion;
  if (conclusion == Conclusion::cancelled ||
      (conclusion == Conclusion::failure && job.status == Conclusion::success)) {
    job.status = conclusion;
  }
  job.contexts.set_member("job", "status", Value(std::string(to_string(job.status))));
  if (!step.has_own_id) return;
  Object outputs;
  for (const auto& [name, value] : result.outputs) outputs.set(name, Value(value));
  Object entry;
  entry.set("outputs", Value(std::move(outputs)));
  entry.set("outcome", Value(std::string(to_string(result.outcome))));
  entry.set("conclusion", Value(std::string(to_string(result.conclusion))));
  job.contexts.set_member("steps", step.id, Value(std::move(entry)));
}

/// Whether the step would run in a job that is cancelled: then its cancellation does not end it.
bool survives_cancellation(const workflow::Step& step, const RunningJob& job) {
  workflow::Scope scope = scope_of(job);
  scope.status.success = [](const auto&) { return false; };
  scope.status.failure = [](const auto&) { return false; };
  scope.status.cancelled = [] { return true; };
  const auto holds = workflow::evaluate_condition(step.condition, scope);
  return holds && *holds;
}

base::Result<sandbox::EnvVars> environment_of(const workflow::Step& step, RunningJob& job,
                                              const StepScope& scope) {
  sandbox::EnvVars environment = job.environment;
  for (const auto& [name, value] : scope.caller_environment) environment[name] = value;
  set_env_context(job, environment);
  TRY(const auto own, workflow::evaluate_mapping(step.env, scope_of(job)));
  for (const auto& [name, value] : own) environment[name] = value;
  set_env_context(job, environment);
  return environment;
}

base::Result<StepEffects> dispatch(StepRun& run) {
  const workflow::Step& step = run.step;
  if (step.background.present() || step.wait.present() || step.wait_all.present() || step.cancel.present() ||
      !step.parallel.empty()) {
    return base::make_error(base::ErrorKind::invalid_input,
                            "background, wait, wait-all, cancel and parallel steps do not run here yet");
  }
  if (step.run) return run_script(run);
  if (!step.uses)
    return base::make_error(base::ErrorKind::invalid_input, "the step has neither run nor uses");
  TRY(const auto with, workflow::evaluate_mapping(step.with, scope_of(run.job)));
  for (const auto& [name, value] : with) run.with[base::to_lower(name)] = value;
  const std::string& uses = step.uses->text;
  if (find_builtin_action(uses) != nullptr) return run_builtin_action(run, uses);
  return run_sourced_action(run, uses);
}

/// What is known before a step is run.
struct Prepared {
  std::optional<std::chrono::milliseconds> limit;
  double minutes = 0;
  bool continue_on_error = false;
};

base::Result<Prepared> prepare(const workflow::Step& step, const RunningJob& job) {
  Prepared prepared;
  TRY(prepared.minutes,
      workflow::evaluate_number(step.timeout_minutes, 0, scope_of(job)).while_doing("timeout-minutes"));
  TRY(prepared.continue_on_error, workflow::evaluate_boolean(step.continue_on_error, false, scope_of(job))
                                      .while_doing("continue-on-error"));
  constexpr double kMaximumMinutes = 60.0 * 24 * 365;
  if (prepared.minutes > 0) {
    prepared.limit =
        std::chrono::milliseconds(static_cast<long>(std::min(prepared.minutes, kMaximumMinutes) * 60'000));
  }
  return prepared;
}

/// Runs the step under its time limit and says how it went.
base::Result<StepResult> run_prepared(StepRun& run, const Prepared& prepared) {
  RunningJob& job = run.job;
  TimeLimit::Options limits{prepared.limit, std::nullopt};
  // A step that runs in a cancelled job, cleaning up, is not ended by the cancellation, but it has not for
  // ever.
  if (job.stop.stop_possible() && survives_cancellation(run.step, job)) limits.grace = kAfterCancellation;
  const TimeLimit time(job.stop, limits);
  run.stop = time.token();
  StepResult result;
  auto effects = dispatch(run);
  const bool timed_out = time.expired() || time.grace_expired();
  const bool cancelled = run.stop.stop_requested() && !timed_out;
  if (!effects) {
    if (effects.error().code == kSandboxFailed) return std::move(effects).error();
    if (!cancelled && !timed_out) report_failure(job, effects.error());
    result.outcome = Conclusion::failure;
  } else {
    apply_to_job(*effects, job);
    result.outputs = std::move(effects->outputs);
    result.outcome = effects->failed ? Conclusion::failure : Conclusion::success;
  }
  if (timed_out) {
    const std::string minutes = workflow::expression::number_to_text(prepared.minutes);
    job.log->annotation(
        {LineKind::error,
         time.expired()
             ? fmt::format("The action '{}' has timed out after {} minutes.", run.name, minutes)
             : fmt::format("The action '{}' was ended 5 minutes after the job was cancelled.", run.name),
         "", ""});
    result.outcome = Conclusion::failure;
  } else if (cancelled && result.outcome != Conclusion::success) {
    job.log->annotation({LineKind::error, "The operation was canceled.", "", ""});
    result.outcome = Conclusion::cancelled;
  }
  result.conclusion = result.outcome;
  if (prepared.continue_on_error && result.outcome == Conclusion::failure)
    result.conclusion = Conclusion::success;
  return result;
}

StepResult failed(RunningJob& job, const base::Error& error) {
  report_failure(job, error);
  return {Conclusion::failure, Conclusion::failure, {}};
}

base::Result<StepResult> evaluate_and_run(const workflow::Step& step, RunningJob& job,
                                          const StepScope& scope) {
  auto environment = environment_of(step, job, scope);
  if (!environment)
    return failed(job, std::move(environment).error().while_doing("evaluating the step's env"));
  auto runs = workflow::evaluate_condition(step.condition, scope_of(job));
  if (!runs) return failed(job, std::move(runs).error().while_doing("evaluating the step's if"));
  if (!*runs) return StepResult{Conclusion::skipped, Conclusion::skipped, {}};
  auto prepared = prepare(step, job);
  if (!prepared) return failed(job, std::move(prepared).error());
  StepRun run{step, job, scope, display_name(step, job), std::move(*environment), {}, {}};
  return run_prepared(run, *prepared);
}

}  // namespace

std::string display_name(const workflow::Step& step, const RunningJob& job) {
  const auto evaluated = [&](const workflow::Text& text) {
    auto result = workflow::evaluate_text(text, scope_of(job));
    return result ? *result : text.text;
  };
  if (step.name) return evaluated(*step.name);
  if (step.run) return run_title(evaluated(*step.run));
  if (step.uses) return fmt::format("Run {}", step.uses->text);
  return step.id;
}

base::Result<StepResult> run_step_in(const workflow::Step& step, RunningJob& job, const StepScope& scope) {
  if (job.stop.stop_requested()) job.status = Conclusion::cancelled;
  job.contexts.set_member("job", "status", Value(std::string(to_string(job.status))));
  StepResult result;
  {
    const ContextsOfStep contexts(job);
    set_github(job, {{"action", step.id}, {"action_path", scope.action_path}});
    TRY(result, evaluate_and_run(step, job, scope));
  }
  record(step, result, job);
  return result;
}

base::Result<StepResult> run_step(const workflow::Step& step, RunningJob& job) {
  return run_step_in(step, job, {});
}

Conclusion run_last_post_step(RunningJob& job) {
  const PostStep post = std::move(job.post_steps.back());
  job.post_steps.pop_back();
  const ContextsOfStep contexts(job);
  set_env_context(job, job.environment);
  const std::string condition = post.condition.empty() ? "always()" : post.condition;
  auto runs = workflow::evaluate_condition(workflow::Text{condition, 0, 0}, scope_of(job));
  if (runs && !*runs) return Conclusion::skipped;
  job.log->line(LineKind::output, "Post job cleanup.");
  const auto done = runs ? post.run(job) : base::Result<void>(std::move(runs).error());
  if (done) return Conclusion::success;
  report_failure(job, done.error());
  if (job.status == Conclusion::success) job.status = Conclusion::failure;
  return Conclusion::failure;
}

}  // namespace steps
