#include "cli/run_one.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <span>

#include "base/json.h"
#include "cli/approval_prompt.h"
#include "cli/commands.h"
#include "cli/interrupts.h"
#include "cli/oidc_sealing.h"
#include "cli/rollout_probe.h"
#include "cli/run_contexts.h"
#include "cli/run_display.h"
#include "cli/run_environments.h"
#include "cli/run_request.h"
#include "runner/background_reader.h"
#include "runner/oidc_keys.h"
#include "runner/run_gates.h"
#include "runner/run_log.h"
#include "runner/scheduler.h"
#include "runner/step_summaries.h"

namespace cli {

namespace {

base::Json where_to_look([[maybe_unused]] const Session& session, const runner::RunFolders& folders) {
  base::Json next = base::Json::array();
  next.push_back(fmt::format("log      {}", (folders.kept() / runner::kEventsFile).string()));
  if (session.emulator) {
    if (!session.probe_url.empty()) next.push_back("service  " + session.probe_url);
    next.push_back("aws      aws --endpoint-url " + session.emulator->endpoint() + " ecs list-services …");
  }
  return next;
}

bool any_job_asks_for_id_tokens(const workflow::Workflow& workflow) {
  return std::any_of(workflow.jobs.begin(), workflow.jobs.end(), [](const workflow::Job& job) {
    return job.called ? any_job_asks_for_id_tokens(*job.called) : runner::may_ask_for_id_tokens(job);
  });
}

/// The one that was published by `pipeline oidc publish`, if any, else one that only this machine knows.
base::Result<std::unique_ptr<runner::OidcIssuer>> start_issuer(const runner::RunOptions& options) {
  if (!options.oidc_issuer.empty()) return runner::OidcIssuer::start(options.oidc_issuer);
  TRY(const auto keyring,
      runner::load_oidc_keyring(options.state_folder, oidc_sealing(options.state_folder)));
  const double now = base::to_epoch_seconds(base::system_clock().now());
  const auto* signing = runner::signing_key(keyring.keys, now);
  if (signing == nullptr) return runner::OidcIssuer::start("");
  TRY(auto key, base::RsaKey::from_private_pem(signing->private_pem));
  return runner::OidcIssuer::start(keyring.issuer, std::move(key));
}

base::Result<std::unique_ptr<runner::OidcIssuer>> start_issuer_if_needed(const workflow::Workflow& workflow,
                                                                         const runner::RunOptions& options) {
  if (!options.may_mint_id_tokens || !any_job_asks_for_id_tokens(workflow))
    return std::unique_ptr<runner::OidcIssuer>();
  TRY(auto issuer, start_issuer(options));
  if (options.on_issuer) TRY(options.on_issuer(issuer->issuer(), issuer->keys_url()));
  return issuer;
}

int exit_code_of(const runner::RunOutcome& outcome) {
  if (interrupted()) return kInterrupted;
  if (outcome.runner_failed) return kRunnerFailed;
  return outcome.conclusion == steps::Conclusion::success ? kPassed : kJobFailed;
}

runner::RunRecord record_of(const workflow::Workflow& workflow, const runner::RunOptions& options,
                            const RunStart& start) {
  const double now = base::to_epoch_seconds(base::system_clock().now());
  if (start.again) {
    auto record = *start.again;
    record.started = now;
    record.sandbox = runner::to_string(options.isolation);
    return record;
  }
  return {.workflow = workflow.path,
          .name = workflow.name.value_or(workflow.path),
          .event = options.event.name,
          .ref = options.event.ref,
          .sha = options.event.sha,
          .actor = options.actor,
          .repository = options.repository_name,
          .sandbox = std::string(runner::to_string(options.isolation)),
          .started = now};
}

void publish_start(const runner::RunRecord& record, runner::EventStream& events) {
  const auto attempt = record.attempt > 1 ? fmt::format(", attempt {}", record.attempt) : std::string();
  events.publish(
      "run_started", "", record.name,
      {{"about", fmt::format("{} of {} at {:.7}{}", record.event, record.ref, record.sha, attempt)},
       {"run_id", record.id},
       {"run_number", record.number},
       {"run_attempt", record.attempt},
       {"workflow", record.workflow},
       {"event", record.event},
       {"ref", record.ref},
       {"sha", record.sha},
       {"sandbox", record.sandbox}});
}

/// Writes each job of a run into the history as it ends.
class LegRecorder {
 public:
  LegRecorder(const runner::RunRecord& run, runner::RunStore& store) : run_(run), store_(store) {}
  void operator()(const runner::FinishedLeg& leg) {
    const double finished = base::to_epoch_seconds(base::system_clock().now());
    auto recorded = store_.record_job({.run_id = run_.id,
                                       .attempt = run_.attempt,
                                       .job = leg.key,
                                       .name = leg.name,
                                       .conclusion = std::string(steps::to_string(leg.conclusion)),
                                       .reason = leg.reason,
                                       .outputs = leg.outputs,
                                       .started = finished - leg.milliseconds / 1000,
                                       .finished = finished});
    if (!recorded) result_ = std::move(recorded);
  }
  /// The last that went wrong.
  [[nodiscard]] base::Result<void> result() const { return result_; }

 private:
  const runner::RunRecord& run_;
  runner::RunStore& store_;
  base::Result<void> result_;
};

base::Result<std::unique_ptr<runner::RunGates>> open_gates(const runner::RunRecord& record,
                                                           const RunFlags& flags, const Session& session,
                                                           ApprovalPrompt& prompt) {
  return runner::RunGates::open(
      {.state_folder = session.options.state_folder,
       .run_id = record.id,
       .attempt = record.attempt,
       .repository = session.options.repository_name,
       .ref = record.ref,
       .environments = session.environments,
       .may_wait_for_approval = !flags.no_input,
       .on_approval_needed = [&prompt](const runner::Approval& approval) { prompt.ask(approval); }});
}

/// Waits for the workflow's concurrency group. False when its turn never comes; `outcome` is what that means.
bool enters_its_group(const workflow::Workflow& workflow, const workflow::Contexts& contexts,
                      runner::RunGates& gates, runner::EventStream& events, runner::RunOutcome& outcome) {
  const auto answer = gates.enter_run(workflow, contexts, interrupt_token(), [&](const std::string& why) {
    events.publish("run_waiting", "", why, base::Json::object());
  });
  if (answer.turn == runner::Turn::go) return true;
  if (answer.turn == runner::Turn::failed) outcome.conclusion = steps::Conclusion::failure;
  events.publish({.type = "annotation", .kind = steps::LineKind::error, .text = answer.why});
  return false;
}

runner::Visit visit_of(const RunStart& start, const RunFlags& flags) {
  auto visit = start.visit;
  if (flags.shell_on_failure) visit.shell = runner::ShellUse::on_failure;
  visit.take_snapshots = !flags.no_snapshots;
  return visit;
}

runner::JobResult run_leg(const workflow::PlannedJob& leg, const workflow::Contexts& contexts,
                          const runner::RunSurroundings& surroundings, Session& session,
                          const RunCaller& caller, const std::stop_token& stop) {
  const auto failed = [&](const base::Error& error) {
    surroundings.events.publish(
        {.type = "annotation", .job = leg.key, .kind = steps::LineKind::error, .text = error.to_string()});
    return runner::JobResult{.conclusion = steps::Conclusion::failure, .failure = error.to_string()};
  };
  const auto slot = runner::IdSlot::take(surroundings.options.state_folder);
  if (!slot) return failed(slot.error());
  if (caller.before_job) {
    if (const auto may_start = caller.before_job(leg, stop); !may_start) return failed(may_start.error());
  }
  const auto seen = contexts_in_environment(leg, contexts, session);
  if (!seen) return failed(seen.error());
  return runner::run_job(leg, *seen, surroundings, slot->number(), stop);
}

base::Result<workflow::Contexts> contexts_of_run(const workflow::Workflow& workflow, const Session& session,
                                                 const runner::RunRecord& record, const RunStart& start) {
  TRY(auto contexts, outer_contexts(session.options, workflow, record));
  if (!start.caller.github) return contexts;
  for (const auto& [name, value] : start.caller.github->object().members())
    contexts.set_member("github", name, value);
  return contexts;
}

/// What shows the run while it goes on.
runner::EventStream::Reader audience_of(const RunFlags& flags, const workflow::Plan& plan,
                                        const Session& session, const RunStart& start) {
  if (start.caller.display) return start.caller.display;
  return make_display(flags, plan, session.verbose || session.options.step_debug);
}

double milliseconds_since(base::SteadyTime started) {
  return std::chrono::duration<double, std::milli>(base::system_clock().steady_now() - started).count();
}

}  // namespace

base::Result<int> run_one(const workflow::Workflow& workflow, const RunFlags& flags, Session& session,
                          const RunStart& start) {
  const auto& options = session.options;
  auto record = record_of(workflow, options, start);
  // Everything that can be wrong with the call is found before the run has a number.
  TRY(const auto checked, contexts_of_run(workflow, session, record, start));
  TRY(auto plan, workflow::make_plan(workflow, checked, chosen_job(flags)));
  TRY(runner::check_isolation(plan, options.isolation));
  // What is run again is locked before it is an attempt, so that only one of two at once becomes one.
  if (!start.again) TRY(session.store->begin(record));
  TRY(auto folders, runner::RunFolders::create(options.state_folder, record.id, options.keep));
  if (start.again) TRY(session.store->begin_again(record));
  TRY(const auto contexts, contexts_of_run(workflow, session, record, start));
  // A job of a forge is run again by the forge.
  if (!start.again && !start.caller.github)
    TRY(store_request(folders.kept(), workflow.path, flags, options, session.masker));
  TRY(auto log_file, runner::RunLogWriter::open(folders.kept(), static_cast<std::uint32_t>(record.attempt)));
  if (start.caller.on_begin) TRY(start.caller.on_begin(record, plan, folders.kept()));
  TRY(const auto issuer, start_issuer_if_needed(workflow, options));
  TRY(const auto results, runner::ResultsService::start(*options.results));
  ApprovalPrompt prompt(options.state_folder);
  TRY(const auto gates, open_gates(record, flags, session, prompt));

  runner::EventStream events;
  runner::BackgroundReader log([&log_file, display = audience_of(flags, plan, session, start)](
                                   std::span<const runner::RunEvent> read) {
    (void)log_file.write(read);
    for (const auto& event : read) display(event);
  });
  events.pass_on_to([&log](runner::RunEvent event) { log(std::move(event)); });
  runner::StepSummaries summaries;
  events.add_reader([&summaries](const runner::RunEvent& event) { summaries(event); });
  RolloutProbe probe(session.probe_url, *session.http, events);
  events.add_reader([&probe](const runner::RunEvent& event) { probe(event); });
  if (start.caller.on_event) events.add_reader(start.caller.on_event);
  publish_start(record, events);
  const auto started = base::system_clock().steady_now();
  const runner::RunSurroundings surroundings{
      workflow,       options,      folders,       events,
      session.masker, issuer.get(), results.get(), visit_of(start, flags)};
  LegRecorder recorder(record, *session.store);
  const runner::SchedulerOptions scheduling{.parallel = options.parallel,
                                            .stop = start.caller.stop.value_or(interrupt_token()),
                                            .kept = start.kept,
                                            .on_finished =
                                                [&](const runner::FinishedLeg& leg) {
                                                  recorder(leg);
                                                  if (start.caller.on_finished) start.caller.on_finished(leg);
                                                },
                                            .on_finished_call = start.caller.on_finished_call,
                                            .gates = gates.get()};
  auto outcome = runner::RunOutcome{.conclusion = steps::Conclusion::cancelled};
  if (enters_its_group(workflow, contexts, *gates, events, outcome)) {
    outcome = runner::run_plan(
        std::move(plan), contexts, scheduling,
        [&](const workflow::PlannedJob& leg, const workflow::Contexts& leg_contexts,
            const std::stop_token& stop) {
          return run_leg(leg, leg_contexts, surroundings, session, start.caller, stop);
        },
        events);
  }
  probe.publish();
  const double milliseconds = milliseconds_since(started);
  const std::string conclusion(steps::to_string(outcome.conclusion));
  events.publish(
      "run_finished", "", conclusion,
      {{"milliseconds", milliseconds}, {"run_id", record.id}, {"next", where_to_look(session, folders)}});
  log.close();
  TRY(write_step_summaries(summaries.markdown(), flags.summary));
  TRY(recorder.result());
  TRY(session.store->finish(record.id, conclusion, base::to_epoch_seconds(base::system_clock().now())));
  return exit_code_of(outcome);
}

}  // namespace cli
