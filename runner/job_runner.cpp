#include "runner/job_runner.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "runner/environment_rules.h"
#include "runner/job_log.h"
#include "runner/job_stage.h"
#include "steps/time_limit.h"

namespace runner {

using steps::Conclusion;
using workflow::expression::Value;

namespace {

constexpr double kDefaultTimeoutMinutes = 360;
constexpr double kDefaultCleanupMinutes = 5;  // cancel-timeout-minutes

std::chrono::milliseconds time_limit_of(double minutes, const RunOptions& options) {
  const std::chrono::milliseconds own(static_cast<std::int64_t>(minutes * 60'000));
  return options.time_limit.count() > 0 ? std::min(own, options.time_limit) : own;
}

base::Result<steps::Outputs> evaluate_outputs(steps::RunningJob& job) {
  steps::Outputs outputs;
  // With what the steps put into GITHUB_ENV.
  for (const auto& [name, value] : job.environment) job.contexts.set_member("env", name, Value(value));
  TRY(const auto list, workflow::evaluate_mapping(job.planned->job->outputs, scope_of_job(job)));
  for (const auto& [name, value] : list) {
    if (value.empty()) continue;
    if (job.masker->holds_secret(value)) {
      job.log->line(steps::LineKind::warning,
                    fmt::format("Skip output '{}' since it may contain secret.", name));
      continue;
    }
    outputs[name] = value;
  }
  return outputs;
}

// What the job says of where it deployed to; never an address that holds a secret.
base::Result<void> publish_environment(const steps::RunningJob& job) {
  const auto& node = job.planned->job->environment;
  if (!node.present()) return {};
  TRY(const auto name, environment_name(node, scope_of_job(job)));
  base::Json details = {{"name", name}};
  if (node["url"].present()) {
    TRY(const auto url, workflow::evaluate_node(node["url"], scope_of_job(job)));
    if (job.masker->holds_secret(url.to_text())) {
      job.log->annotation(
          {.level = steps::LineKind::warning,
           .message =
               fmt::format("Skip setting environment url as environment '{}' may contain secret.", name)});
    } else {
      details["url"] = url.to_text();
      job.log->line(steps::LineKind::output, fmt::format("Evaluated environment url: {}", url.to_text()));
    }
  }
  TRY(const bool is_deployment, workflow::evaluate_boolean(node["deployment"], true, scope_of_job(job)));
  details["deployment"] = is_deployment;
  job.log->event("environment", details);
  return {};
}

}  // namespace

std::chrono::milliseconds time_for_cleanup(double minutes) {
  constexpr std::chrono::seconds kLeast{60};
  constexpr std::chrono::seconds kForReporting{15};
  constexpr double kMost = 60.0 * 24 * 365;
  const std::chrono::milliseconds asked(static_cast<std::int64_t>(std::min(minutes, kMost) * 60'000));
  return std::max<std::chrono::milliseconds>(asked, kLeast) - kForReporting;
}

bool may_ask_for_id_tokens(const workflow::Job& job) {
  return job.effective_permissions &&
         job.effective_permissions->level_of("id-token") == workflow::PermissionLevel::write;
}

JobResult run_job(const workflow::PlannedJob& planned, const workflow::Contexts& contexts,
                  const RunSurroundings& run, std::uint32_t slot, const std::stop_token& stop) {
  JobLog log(planned.key, run.events, run.masker);
  JobResult result;
  Stage stage;
  steps::RunningJob& job = stage.job;
  job.planned = &planned;
  job.contexts = contexts;
  job.masker = &run.masker;
  job.log = &log;
  job.services = &stage.services;
  job.stop = stop;
  log.watch_steps(&stage.running_steps);
  const auto fail = [&](const base::Error& error) {
    result.conclusion = Conclusion::failure;
    result.failure = run.masker.mask(error.to_string());
    log.enter_step(0);
    log.annotation({.level = steps::LineKind::error, .message = error.to_string()});
  };
  if (auto opened = open_stage(planned, run, slot, stage); !opened) {
    if (opened.error().code != kNoContainers) fail(opened.error());
    result.conclusion = stop.stop_requested() ? Conclusion::cancelled : Conclusion::failure;
  } else {
    const auto minutes =
        workflow::evaluate_number(planned.job->timeout_minutes, kDefaultTimeoutMinutes, scope_of_job(job));
    const auto limit = time_limit_of(minutes.ok() ? *minutes : kDefaultTimeoutMinutes, run.options);
    const steps::TimeLimit time(stop, {.limit = limit});
    job.stop = time.token();
    const auto cleanup = workflow::evaluate_number(planned.job->cancel_timeout_minutes,
                                                   kDefaultCleanupMinutes, scope_of_job(job));
    const steps::TimeLimit budget(
        job.stop, {.grace = time_for_cleanup(cleanup.ok() ? *cleanup : kDefaultCleanupMinutes)});
    job.abandoned = budget.token();
    auto ran = minutes.ok() ? run_job_steps(job, log, run.visit, run.folders.kept(),
                                            [&] {
                                              auto beside = std::make_unique<JobLog>(planned.key, run.events,
                                                                                     run.masker);
                                              beside->watch_steps(&stage.running_steps);
                                              return beside;
                                            })
                            : base::Result<void>(minutes.error());
    result.conclusion = time.expired() ? Conclusion::cancelled : job.status;
    if (time.expired()) {
      log.enter_step(0);
      log.annotation(
          {.level = steps::LineKind::error,
           .message = fmt::format(
               "The job running on runner pipeline has exceeded the maximum execution time of {} minutes.",
               workflow::expression::number_to_text(static_cast<double>(limit.count()) / 60'000))});
    }
    if (!ran) fail(ran.error());
    log.enter_step(0);
    if (auto told = publish_environment(job); !told)
      fail(std::move(told).error().while_doing("evaluating the job's environment"));
    if (auto outputs = evaluate_outputs(job); outputs) {
      result.outputs = std::move(*outputs);
    } else {
      // The job's failure, not the runner's.
      log.enter_step(0);
      log.annotation({.level = steps::LineKind::error, .message = "Fail to evaluate job outputs"});
      log.annotation({.level = steps::LineKind::error, .message = outputs.error().to_string()});
      result.conclusion = Conclusion::failure;
    }
  }
  log.enter_step(0);
  if (auto closed = close_stage(planned, run, stage); !closed) fail(closed.error());
  if (run.options.keep == KeepFolders::no && !job.folders.workspace.host.empty())
    remove_job_folders(job.folders);
  return result;
}

}  // namespace runner
