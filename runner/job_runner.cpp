#include "runner/job_runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/json.h"
#include "runner/environment_rules.h"
#include "runner/job_log.h"
#include "runner/job_sections.h"
#include "runner/job_stage.h"
#include "steps/step_events.h"
#include "steps/time_limit.h"

namespace runner {

using steps::Conclusion;
using workflow::expression::Value;

namespace {

constexpr double kDefaultTimeoutMinutes = 360;
constexpr double kDefaultCleanupMinutes = 5;  // cancel-timeout-minutes

std::chrono::milliseconds time_limit_of(double minutes, const RunOptions& options) {
  const auto own = time_of_minutes(minutes);
  return options.time_limit.count() > 0 ? std::min(own, options.time_limit) : own;
}

base::Result<steps::Outputs> evaluate_outputs(steps::RunningJob& job) {
  steps::Outputs outputs;
  // With what the steps put into GITHUB_ENV.
  for (const auto& [name, value] : job.environment) job.contexts.set_member("env", name, Value(value));
  const auto& written = job.planned->job->outputs;
  if (written.present()) job.log->line(steps::LineKind::detail, "Evaluate and set job outputs");
  TRY(const auto list, workflow::evaluate_mapping(written, scope_of_job(job)));
  for (const auto& [name, value] : list) {
    if (value.empty()) continue;
    if (job.masker->holds_secret(value)) {
      job.log->line(steps::LineKind::warning,
                    fmt::format("Skip output '{}' since it may contain secret.", name));
      continue;
    }
    job.log->line(steps::LineKind::detail, fmt::format("Set output '{}'", name));
    outputs[name] = value;
  }
  return outputs;
}

base::Result<base::Json> environment_of(const steps::RunningJob& job) {
  const auto& node = job.planned->job->environment;
  TRY(const auto name, environment_name(node, scope_of_job(job)));
  TRY(const bool is_deployment, workflow::evaluate_boolean(node["deployment"], true, scope_of_job(job)));
  return base::Json{{"name", name}, {"deployment", is_deployment}};
}

// What is wrong with it is said when the job ends.
void tell_where_it_deploys(const steps::RunningJob& job) {
  if (!job.planned->job->environment.present()) return;
  if (const auto details = environment_of(job)) job.log->event("environment_entered", *details);
}

// What the job says of where it deployed to; never an address that holds a secret.
base::Result<void> publish_environment(const steps::RunningJob& job) {
  const auto& node = job.planned->job->environment;
  if (!node.present()) return {};
  if (node["url"].present()) job.log->line(steps::LineKind::detail, "Evaluate and set environment url");
  TRY(auto details, environment_of(job));
  if (node["url"].present()) {
    TRY(const auto url, workflow::evaluate_node(node["url"], scope_of_job(job)));
    if (job.masker->holds_secret(url.to_text())) {
      job.log->annotation(
          {.level = steps::LineKind::warning,
           .message = fmt::format("Skip setting environment url as environment '{}' may contain secret.",
                                  base::json_string(details, "name"))});
    } else {
      details["url"] = url.to_text();
      job.log->line(steps::LineKind::output, fmt::format("Evaluated environment url: {}", url.to_text()));
    }
  }
  job.log->event("environment", details);
  return {};
}

void fail_job(const base::Error& error, const steps::RunningJob& job, JobResult& result) {
  result.conclusion = Conclusion::failure;
  job.log->annotation({.level = steps::LineKind::error, .message = error.to_string()});
}

// What the runner could not do, as the job's failure.
void report_of_runner(const base::Error& error, const steps::RunningJob& job, JobResult& result) {
  result.failure = job.masker->mask(error.to_string());
  fail_job(error, job, result);
}

void say_time_is_over(std::chrono::milliseconds limit, steps::LogSink& log) {
  log.annotation(
      {.level = steps::LineKind::error,
       .message = fmt::format(
           "The job running on runner pipeline has exceeded the maximum execution time of {} minutes.",
           workflow::expression::number_to_text(static_cast<double>(limit.count()) / 60'000))});
}

// As actions/runner says it.
void fail_by_shutdown(steps::LogSink& log, JobResult& result) {
  result.conclusion = Conclusion::failure;
  log.annotation({.level = steps::LineKind::error,
                  .message = "The runner has received a shutdown signal. This can happen when the runner "
                             "service is stopped, or a manually started runner is canceled."});
}

// The job's outputs and environment, of a job whose steps could be run.
void evaluate_results(steps::RunningJob& job, JobResult& result) {
  if (auto told = publish_environment(job); !told)
    fail_job(std::move(told).error().while_doing("evaluating the job's environment"), job, result);
  if (auto outputs = evaluate_outputs(job); outputs) {
    result.outputs = std::move(*outputs);
  } else {
    // The job's failure, not the runner's.
    job.log->annotation({.level = steps::LineKind::error, .message = "Fail to evaluate job outputs"});
    job.log->annotation({.level = steps::LineKind::error, .message = outputs.error().to_string()});
    result.conclusion = Conclusion::failure;
  }
}

// The last section of the job's log. Of what could not be set up there is only something to take down.
void complete_job(const workflow::PlannedJob& planned, const RunSurroundings& run, Stage& stage,
                  JobResult& result) {
  std::optional<steps::StepEvents> events;
  const auto before = std::exchange(result.conclusion, Conclusion::success);
  if (stage.job.sandbox != nullptr) {
    events.emplace(*stage.job.log, "Complete job", steps::StepOwner::runner);
    evaluate_results(stage.job, result);
    say_orphans(stage.job);
    warn_of_old_node(stage.job);
  }
  if (auto closed = close_stage(planned, run, stage); !closed)
    report_of_runner(closed.error(), stage.job, result);
  if (events) events->finished({result.conclusion, result.conclusion, {}});
  if (result.conclusion == Conclusion::success) result.conclusion = before;
}

}  // namespace

std::chrono::milliseconds time_of_minutes(double minutes) {
  constexpr double kYear = 60.0 * 24 * 365;
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::clamp(minutes, 0.0, kYear) * 60'000));
}

std::chrono::milliseconds time_for_cleanup(double minutes) {
  constexpr std::chrono::seconds kLeast{60};
  constexpr std::chrono::seconds kForReporting{15};
  return std::max<std::chrono::milliseconds>(time_of_minutes(minutes), kLeast) - kForReporting;
}

bool may_ask_for_id_tokens(const workflow::Job& job) {
  return job.effective_permissions &&
         job.effective_permissions->level_of("id-token") == workflow::PermissionLevel::write;
}

JobResult run_job(const workflow::PlannedJob& planned, const workflow::Contexts& contexts,
                  const RunSurroundings& run, std::uint32_t slot, const std::stop_token& stop) {
  JobLog log(planned.key, run.events, run.masker);
  JobResult result;
  if (run.options.shutdown.stop_requested()) {
    fail_by_shutdown(log, result);
    return result;
  }
  Stage stage;
  steps::RunningJob& job = stage.job;
  job.planned = &planned;
  job.contexts = contexts;
  job.contexts.set("strategy", workflow::strategy_context(planned));
  job.contexts.set("matrix", planned.matrix);
  job.masker = &run.masker;
  job.log = &log;
  job.services = &stage.services;
  log.watch_steps(&stage.running_steps);
  const auto minutes =
      workflow::evaluate_number(planned.job->timeout_minutes, kDefaultTimeoutMinutes, scope_of_job(job));
  const auto limit = time_limit_of(minutes.ok() ? *minutes : kDefaultTimeoutMinutes, run.options);
  const steps::TimeLimit time(stop, {.limit = limit});
  job.stop = time.token();
  const auto cleanup = workflow::evaluate_number(planned.job->cancel_timeout_minutes, kDefaultCleanupMinutes,
                                                 scope_of_job(job));
  const steps::TimeLimit budget(job.stop,
                                {.grace = time_for_cleanup(cleanup.ok() ? *cleanup : kDefaultCleanupMinutes),
                                 .at_once = run.options.shutdown});
  job.abandoned = budget.token();
  if (auto opened = open_stage(planned, run, slot, stage); !opened) {
    if (opened.error().code != kJobCannotBegin) result.failure = run.masker.mask(opened.error().to_string());
    result.conclusion = job.stop.stop_requested() ? Conclusion::cancelled : Conclusion::failure;
  } else {
    tell_where_it_deploys(job);
    const auto ran = minutes.ok() ? run_job_steps(job, log, run.visit, run.folders.kept(),
                                                  [&] {
                                                    auto beside = std::make_unique<JobLog>(
                                                        planned.key, run.events, run.masker);
                                                    beside->watch_steps(&stage.running_steps);
                                                    return beside;
                                                  })
                                  : base::Result<void>();
    log.enter_step(0);
    result.conclusion = job.status;
    if (!minutes.ok()) {
      fail_job(minutes.error(), job, result);
    } else if (!ran) {
      report_of_runner(ran.error(), job, result);
    }
  }
  log.enter_step(0);
  if (time.expired()) {
    result.conclusion = Conclusion::cancelled;
    say_time_is_over(limit, log);
  } else if (run.options.shutdown.stop_requested()) {
    fail_by_shutdown(log, result);
  }
  complete_job(planned, run, stage, result);
  if (run.options.keep == KeepFolders::no && !job.folders.workspace.host.empty())
    remove_job_folders(job.folders);
  return result;
}

}  // namespace runner
