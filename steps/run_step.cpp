#include "steps/run_step.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/json.h"
#include "base/strings.h"
#include "steps/action_source.h"
#include "steps/step_log.h"
#include "steps/step_run.h"
#include "steps/time_limit.h"
#include "workflow/job_results.h"

namespace steps {
namespace {

using workflow::expression::Object;
using workflow::expression::Value;

/// Whether the step would run in a job that is cancelled: then its cancellation does not end it.
bool survives_cancellation(const workflow::Step& step, const RunningJob& job) {
  workflow::Scope scope = scope_of(job);
  scope.status.success = [](const auto&) { return false; };
  scope.status.failure = [](const auto&) { return false; };
  scope.status.cancelled = [] { return true; };
  const auto holds = workflow::evaluate_condition(step.condition, scope);
  return holds && *holds;
}

struct EnvironmentOfStep {
  OrderedVariables all;
  OrderedVariables overrides;  ///< as ReadyStep has them
};

base::Result<EnvironmentOfStep> environment_of(const workflow::Step& step, RunningJob& job,
                                               const StepScope& scope) {
  EnvironmentOfStep environment{job.environment, scope.caller_environment};
  for (const auto& [name, value] : scope.caller_environment) environment.all[name] = value;
  set_env_context(job, environment.all);
  TRY(const auto own, workflow::evaluate_mapping(step.env, scope_of(job)));
  for (const auto& [name, value] : own) environment.all[name] = environment.overrides[name] = value;
  set_env_context(job, environment.all);
  return environment;
}

base::Result<StepEffects> dispatch(StepRun& run) {
  const workflow::Step& step = run.step;
  if (step.run) return run_script(run);
  if (!step.uses)
    return base::make_error(base::ErrorKind::invalid_input, "the step has neither run nor uses");
  TRY(const auto with, workflow::evaluate_mapping(step.with, scope_of(run.job)));
  for (const auto& [name, value] : with) run.with[name] = value;
  if (run.scope.use) return run_prepared_action(run, run.scope.use);
  const std::string& uses = step.uses->text;
  if (builtin_of_job(uses, run.job) != nullptr) return run_builtin_action(run, uses);
  return run_sourced_action(run, uses);
}

base::Result<void> evaluate_limits(const workflow::Step& step, const RunningJob& job, ReadyStep& ready) {
  TRY(ready.minutes,
      workflow::evaluate_number(step.timeout_minutes, 0, scope_of(job)).while_doing("timeout-minutes"));
  TRY(ready.continue_on_error, workflow::evaluate_boolean(step.continue_on_error, false, scope_of(job))
                                   .while_doing("continue-on-error"));
  return {};
}

std::optional<std::chrono::milliseconds> limit_of(const ReadyStep& ready) {
  constexpr double kMaximumMinutes = 60.0 * 24 * 365;
  if (ready.minutes <= 0) return std::nullopt;
  return std::chrono::milliseconds(static_cast<long>(std::min(ready.minutes, kMaximumMinutes) * 60'000));
}

void say_time_is_over(const StepRun& run, double minutes, bool own_limit) {
  const std::string message =
      own_limit ? fmt::format("The action '{}' has timed out after {} minutes.", run.name,
                              workflow::expression::number_to_text(minutes))
                : fmt::format(
                      "The action '{}' was ended: the time that the cancelled job has for cleaning up is "
                      "over (cancel-timeout-minutes).",
                      run.name);
  run.job.log->annotation({LineKind::error, message, "", ""});
}

}  // namespace

base::Result<StepResult> run_ready_step(const workflow::Step& step, RunningJob& job, const StepScope& scope,
                                        ReadyStep ready) {
  StepRun run{step, job, scope, std::move(ready.name), std::move(ready.environment), {}, {}};
  run.overrides = std::move(ready.overrides);
  // Actions set theirs (actions/runner ActionRunner).
  set_github(job, {{"action_repository", ""}, {"action_ref", ""}});
  auto opened = open_environment_files(run);
  // A step that runs in a cancelled job, cleaning up, is not ended by the cancellation, but the job has not
  // for ever.
  const bool outlives =
      ready.may_outlive_cancellation && job.stop.stop_possible() && survives_cancellation(step, job);
  const TimeLimit time(outlives ? job.abandoned : job.stop, {limit_of(ready), std::nullopt});
  run.stop = time.token();
  StepResult result;
  auto effects = opened ? dispatch(run) : base::Result<StepEffects>(std::move(opened).error());
  const bool said_time_is_over = effects && effects->reported_timeout;
  const bool abandoned = outlives && !time.expired() && job.abandoned.stop_requested();
  const bool timed_out = time.expired() || abandoned;
  const bool cancelled = run.stop.stop_requested() && !timed_out;
  if (!effects) {
    if (effects.error().code == kSandboxFailed) return std::move(effects).error();
    if (!cancelled && !timed_out)
      report_failure(job, workflow::in_file(std::move(effects).error(), run.step.file));
    result.outcome = Conclusion::failure;
  } else {
    apply_to_job(*effects, job);
    result.outputs = std::move(effects->outputs);
    result.outcome = effects->failed ? Conclusion::failure : Conclusion::success;
  }
  const bool caller_timed_out = scope.depth > 0 && cancelled && !scope.job_stop.stop_requested();
  if (timed_out) {
    if (!said_time_is_over) say_time_is_over(run, ready.minutes, time.expired());
    result.outcome = Conclusion::failure;
  } else if (caller_timed_out && result.outcome != Conclusion::success) {
    job.log->annotation({LineKind::error, "The action has timed out.", "", ""});
    result.outcome = Conclusion::failure;
  } else if (cancelled && result.outcome != Conclusion::success) {
    job.log->annotation({LineKind::error, "The operation was canceled.", "", ""});
    result.outcome = Conclusion::cancelled;
  }
  result.conclusion = result.outcome;
  if (ready.continue_on_error && result.outcome == Conclusion::failure)
    result.conclusion = Conclusion::success;
  return result;
}

namespace {

constexpr std::size_t kLongestNameInReason = 100;

// As people want to know it: a failure before it, rather than the text of a condition that nobody wrote.
std::string why_skipped(const std::optional<workflow::Text>& condition, const RunningJob& job) {
  workflow::Scope scope = scope_of(job);
  auto why = workflow::why_condition_fails(condition, scope);
  if (job.status == Conclusion::success) return why;
  scope.status.success = [](const auto&) { return true; };
  const auto holds_otherwise = workflow::evaluate_condition(condition, scope);
  if (!holds_otherwise || !*holds_otherwise) return why;
  if (job.status == Conclusion::cancelled) return "the job was cancelled";
  if (job.failed_step.empty()) return "a step before it failed";
  return fmt::format("step '{}' failed", base::clipped(job.failed_step, kLongestNameInReason));
}

/// Within a composite action `job.status` stays the job's own; its steps look at github.action_status.
void show_status(RunningJob& job, const StepScope& scope) {
  if (scope.depth > 0 && job.status != Conclusion::cancelled) return;
  job.contexts.set_member("job", "status", Value(std::string(to_string(job.status))));
}

StepResult failed(const workflow::Step& step, RunningJob& job, base::Error error) {
  report_failure(job, workflow::in_file(std::move(error), step.file));
  return {Conclusion::failure, Conclusion::failure, {}};
}

}  // namespace

StepStart start_of_step(const workflow::Step& step, RunningJob& job, const StepScope& scope) {
  if (job.abandoned.stop_requested()) return {{}, {Conclusion::skipped, Conclusion::skipped, {}}};
  if ((scope.depth > 0 ? scope.job_stop : job.stop).stop_requested()) job.status = Conclusion::cancelled;
  show_status(job, scope);
  set_github(job, {{"action", step.id}});
  if (!scope.action_path.empty()) set_github(job, {{"action_path", scope.action_path}});
  auto environment = environment_of(step, job, scope);
  if (!environment)
    return {{}, failed(step, job, std::move(environment).error().while_doing("evaluating the step's env"))};
  auto runs = workflow::evaluate_condition(step.condition, scope_of(job));
  if (!runs) {
    auto result = failed(step, job, std::move(runs).error().while_doing("evaluating the step's if"));
    result.bad_condition = true;
    return {{}, std::move(result)};
  }
  if (!*runs) {
    job.log->event("step_skipped", {{"text", why_skipped(step.condition, job)}});
    return {{}, {Conclusion::skipped, Conclusion::skipped, {}}};
  }
  ReadyStep ready{.name = display_name(step, job),
                  .environment = std::move(environment->all),
                  .overrides = std::move(environment->overrides)};
  if (auto known = evaluate_limits(step, job, ready); !known)
    return {{}, failed(step, job, std::move(known).error())};
  return {std::move(ready), {}};
}

base::Result<OrderedVariables> environment_of_step(const workflow::Step& step, RunningJob& job) {
  set_github(job, {{"action", step.id}});
  TRY(auto environment, environment_of(step, job, {}));
  return std::move(environment.all);
}

namespace {

void worsen(Conclusion conclusion, const std::string& name, RunningJob& job) {
  if (conclusion == Conclusion::failure && job.failed_step.empty()) job.failed_step = name;
  if (conclusion == Conclusion::cancelled ||
      (conclusion == Conclusion::failure && job.status == Conclusion::success)) {
    job.status = conclusion;
  }
}

}  // namespace

void merge_into_status(Conclusion conclusion, const std::string& name, RunningJob& job) {
  worsen(conclusion, name, job);
  job.contexts.set_member("job", "status", Value(std::string(to_string(job.status))));
}

void record_outcome(const workflow::Step& step, const StepResult& result, RunningJob& job) {
  if (!step.has_own_id) return;
  Object outputs;
  for (const auto& [name, value] : result.outputs) outputs.set(name, Value(value));
  Object entry;
  entry.set("outputs", Value(std::move(outputs)));
  entry.set("outcome", Value(std::string(to_string(result.outcome))));
  entry.set("conclusion", Value(std::string(to_string(result.conclusion))));
  job.contexts.set_member("steps", step.id, Value(std::move(entry)));
}

namespace {

/// actions/runner ActionRunner.FormatStepName.
std::string first_line(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return "";
  text.remove_prefix(begin);
  return std::string(text.substr(0, text.find_first_of("\r\n")));
}

}  // namespace

std::string name_before_start(const workflow::Step& step, RunningJob& job) {
  const auto needs_env = [](const std::optional<workflow::Text>& text) {
    return text && text->text.find("${{") != std::string::npos;
  };
  if (!needs_env(step.name ? step.name : step.run)) return display_name(step, job);
  const ContextsOfStep contexts(job);
  set_env_context(job, job.environment);
  // An env that cannot be evaluated is reported when the step starts.
  if (auto known = environment_of(step, job, {}); known) set_env_context(job, known->all);
  return display_name(step, job);
}

std::string display_name(const workflow::Step& step, const RunningJob& job) {
  const auto evaluated = [&](const workflow::Text& text) {
    auto result = workflow::evaluate_text(text, scope_of(job));
    return result ? *result : text.text;
  };
  if (step.name) {
    if (auto name = first_line(evaluated(*step.name)); !name.empty()) return name;
  }
  if (step.run) return run_title(evaluated(*step.run));
  if (step.uses) return fmt::format("Run {}", step.uses->text);
  return step.id;
}

base::Result<StepResult> run_step_in(const workflow::Step& step, RunningJob& job, const StepScope& scope) {
  StepResult result;
  std::string name;
  {
    const ContextsOfStep contexts(job);
    auto start = start_of_step(step, job, scope);
    name = start.ready ? start.ready->name : display_name(step, job);
    if (start.ready) {
      TRY(result, run_ready_step(step, job, scope, std::move(*start.ready)));
    } else {
      result = std::move(start.result);
    }
  }
  worsen(result.conclusion, name, job);
  show_status(job, scope);
  record_outcome(step, result, job);
  return result;
}

base::Result<StepResult> run_step(const workflow::Step& step, RunningJob& job) {
  return run_step_in(step, job, {});
}

Conclusion run_post_step(const PostStep& post, RunningJob& job) {
  if (post.step) {
    const auto result = post.step(job);
    if (result) return result->conclusion;
    report_failure(job, result.error());
    return Conclusion::failure;
  }
  const ContextsOfStep contexts(job);
  set_env_context(job, job.environment);
  const std::string condition = post.condition.empty() ? "always()" : post.condition;
  const workflow::Text text{condition, 0, 0};
  auto runs = workflow::evaluate_condition(text, scope_of(job));
  if (runs && !*runs) {
    job.log->event("step_skipped", {{"text", why_skipped(text, job)}});
    return Conclusion::skipped;
  }
  if (!post.opening.empty()) job.log->line(LineKind::output, post.opening);
  const auto done = runs ? post.run(job) : base::Result<void>(std::move(runs).error());
  if (done) return Conclusion::success;
  if (done.error().code != kAlreadyReported) report_failure(job, done.error());
  return Conclusion::failure;
}

Conclusion run_last_post_step(RunningJob& job) {
  const PostStep post = std::move(job.post_steps.back());
  job.post_steps.pop_back();
  if (job.abandoned.stop_requested()) return Conclusion::skipped;
  const Conclusion conclusion = run_post_step(post, job);
  if (conclusion == Conclusion::failure) worsen(conclusion, post.name, job);
  return conclusion;
}

}  // namespace steps
