#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/json.h"
#include "base/strings.h"
#include "cli/commands.h"
#include "cli/emulator_session.h"
#include "cli/interrupts.h"
#include "cli/plan_text.h"
#include "cli/run_contexts.h"
#include "cli/run_inputs.h"
#include "cli/workflow_files.h"
#include "ecr/image_store.h"
#include "runner/background_reader.h"
#include "runner/job_sandbox.h"
#include "runner/prober.h"
#include "runner/scheduler.h"
#include "runner/terminal_log.h"
#include "steps/blob_store.h"

namespace cli {

namespace {

/// What stands for the whole call, whatever number of workflows it runs.
struct Session {
  runner::RunOptions options;
  steps::SecretMasker masker;
  std::unique_ptr<base::HttpClient> http = base::make_curl_http_client();
  std::unique_ptr<runner::RunStore> store;
  std::optional<ecr::ImageStore> images;
  std::shared_ptr<steps::BlobStore> results;
  std::unique_ptr<EmulatorSession> emulator;
  std::string probe_url;
  bool verbose = false;
};

base::Result<void> fill_options(const CommonFlags& common, const RunFlags& flags, Session& session) {
  auto& options = session.options;
  session.verbose = common.verbose;
  options.state_folder = common.state_folder;
  TRY(fill_event_options(flags, options, session.masker));
  options.isolation = flags.sandbox == "none" ? runner::Isolation::none : runner::Isolation::namespaces;
  options.network = flags.network == "none" ? sandbox::NetworkMode::isolated : sandbox::NetworkMode::host;
  options.docker = flags.docker == "host" ? steps::DockerMode::host : steps::DockerMode::builtin;
  TRY(options.limits.memory_bytes, parse_size(flags.memory));
  options.parallel = flags.parallel;
  options.keep = flags.keep ? runner::KeepFolders::yes : runner::KeepFolders::no;
  options.http = session.http.get();
  return {};
}

base::Result<void> open_state(Session& session) {
  auto& options = session.options;
  TRY(base::make_directories(options.state_folder, 0700));
  runner::clean_up_after_killed_runs(options.state_folder);
  TRY(session.store, runner::open_sqlite_run_store(options.state_folder / "history.db"));
  TRY(auto images, ecr::ImageStore::open(options.state_folder / "images"));
  session.images.emplace(std::move(images));
  options.images = &*session.images;
  TRY(session.results, steps::BlobStore::open(options.state_folder / "results"));
  TRY(session.results->remove_expired());
  options.results = session.results.get();
  return {};
}

/// The workflows to run: those named, or those that the event triggers.
base::Result<std::vector<workflow::Workflow>> choose_workflows(const RunFlags& flags,
                                                               const workflow::Event& event,
                                                               const base::Path& repository, bool& invalid) {
  auto files = flags.workflows;
  if (files.empty()) {
    TRY(files, list_workflow_files("."));
  }
  if (const auto why = workflow::starts_nothing(event); why && !flags.event_file.empty()) {
    return base::make_error(base::ErrorKind::invalid_input,
                            fmt::format("no workflow runs on this '{}': {}", event.name, *why));
  }
  std::vector<workflow::Workflow> chosen;
  std::string reasons;
  for (const auto& file : files) {
    TRY(auto loaded, load_workflow_file(file, repository));
    print_diagnostics(loaded.diagnostics);
    invalid = invalid || !loaded.workflow;
    if (!loaded.workflow) continue;
    const auto verdict = workflow::matches(*loaded.workflow, event);
    // A workflow that is named runs on the event it is given, but not on one that it does not know.
    if (verdict.fires) {
      chosen.push_back(std::move(*loaded.workflow));
    } else {
      reasons += fmt::format("\n  {}: {}", file, verdict.reason);
    }
  }
  if (chosen.empty() && !invalid) {
    return base::make_error(base::ErrorKind::invalid_input,
                            fmt::format("no workflow runs on '{}' of {}:{}", event.name, event.ref, reasons));
  }
  return chosen;
}

std::string events_file_name() {
  return "events.jsonl";
}

/// Shows the event stream to the user.
runner::EventStream::Reader make_display(const RunFlags& flags, const workflow::Plan& plan, bool debug) {
  if (flags.log_format == LogFormat::json) {
    return [](const runner::RunEvent& event) {
      const auto line = runner::to_json_line(event) + "\n";
      std::fwrite(line.data(), 1, line.size(), stdout);
      std::fflush(stdout);
    };
  }
  std::size_t width = 0;
  for (const auto& group : plan.groups) {
    width = std::max(width, group.job->id.size());
    for (const auto& leg : group.legs) width = std::max(width, leg.key.size());
  }
  const bool color = ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  const auto terminal = std::make_shared<runner::TerminalLog>(
      runner::TerminalOptions{.color = color ? runner::Color::always : runner::Color::never,
                              .timestamps = flags.log_format == LogFormat::plain,
                              .debug = debug,
                              .job_width = std::min<std::size_t>(width, 30)});
  return [terminal](const runner::RunEvent& event) { (*terminal)(event); };
}

/// Sends requests while a deployment goes on, and publishes what came back.
class RolloutProbe {
 public:
  RolloutProbe(std::string url, base::HttpClient& http, runner::EventStream& events)
      : url_(std::move(url)), http_(http), events_(events) {}

  /// A reader of the event stream. It may not publish from here, so the record waits for publish().
  void operator()(const runner::RunEvent& event) {
    if (url_.empty()) return;
    if (event.type == "deployment" && !prober_) prober_.emplace(runner::ProbeOptions{.url = url_}, http_);
    if (event.type == "deployment_finished" && prober_) {
      record_ = prober_->stop();
      prober_.reset();
    }
  }
  void publish() {
    if (prober_) record_ = prober_->stop();
    if (record_) events_.publish("probe", "", "", runner::to_json(*record_));
  }

 private:
  std::string url_;
  base::HttpClient& http_;
  runner::EventStream& events_;
  std::optional<runner::Prober> prober_;
  std::optional<runner::ProbeRecord> record_;
};

base::Json where_to_look([[maybe_unused]] const Session& session, const runner::RunFolders& folders) {
  base::Json next = base::Json::array();
  next.push_back(fmt::format("log      {}", (folders.kept() / events_file_name()).string()));
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

base::Result<std::unique_ptr<runner::OidcIssuer>> start_issuer_if_needed(const workflow::Workflow& workflow,
                                                                         const runner::RunOptions& options) {
  if (!any_job_asks_for_id_tokens(workflow)) return std::unique_ptr<runner::OidcIssuer>();
  TRY(auto issuer, runner::OidcIssuer::start(options.oidc_issuer));
  if (options.on_issuer) TRY(options.on_issuer(issuer->issuer(), issuer->keys_url()));
  return issuer;
}

int exit_code_of(const runner::RunOutcome& outcome) {
  if (interrupted()) return kInterrupted;
  if (outcome.runner_failed) return kRunnerFailed;
  return outcome.conclusion == steps::Conclusion::success ? kPassed : kJobFailed;
}

base::Result<int> run_one(const workflow::Workflow& workflow, const RunFlags& flags, Session& session) {
  const auto& options = session.options;
  runner::RunRecord record{.workflow = workflow.path,
                           .name = workflow.name.value_or(workflow.path),
                           .event = options.event.name,
                           .ref = options.event.ref,
                           .sha = options.event.sha,
                           .actor = options.actor,
                           .started = base::to_epoch_seconds(base::system_clock().now())};
  // Everything that can be wrong with the call is found before the run has a number.
  TRY(const auto checked, outer_contexts(options, workflow, record));
  TRY(auto plan, workflow::make_plan(workflow, checked, chosen_job(flags)));
  TRY(session.store->begin(record));
  TRY(const auto contexts, outer_contexts(options, workflow, record));
  TRY(auto folders, runner::RunFolders::create(options.state_folder, record.id, options.keep));
  const base::Fd kept(
      ::open((folders.kept() / events_file_name()).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!kept) return base::system_error("cannot write the run's log", errno);
  TRY(const auto issuer, start_issuer_if_needed(workflow, options));
  TRY(const auto results, runner::ResultsService::start(*options.results));

  runner::EventStream events;
  runner::BackgroundReader log(
      [fd = kept.get(), display = make_display(flags, plan, session.verbose || options.step_debug)](
          const runner::RunEvent& event) {
        display(event);
        (void)base::write_all(fd, runner::to_json_line(event) + "\n");
      });
  events.add_reader([&log](const runner::RunEvent& event) { log(event); });
  RolloutProbe probe(session.probe_url, *session.http, events);
  events.add_reader([&probe](const runner::RunEvent& event) { probe(event); });
  events.publish("run_started", "", record.name,
                 {{"about", fmt::format("{} of {} at {:.7}", record.event, record.ref, record.sha)},
                  {"run_id", record.id},
                  {"run_number", record.number},
                  {"workflow", record.workflow},
                  {"event", record.event},
                  {"ref", record.ref},
                  {"sha", record.sha}});
  const auto started = base::system_clock().steady_now();
  const runner::RunSurroundings surroundings{workflow,       options,      folders,      events,
                                             session.masker, issuer.get(), results.get()};
  const auto outcome = runner::run_plan(
      std::move(plan), contexts, {.parallel = options.parallel, .stop = interrupt_token()},
      [&](const workflow::PlannedJob& leg, const workflow::Contexts& leg_contexts,
          const std::stop_token& stop) {
        auto slot = runner::IdSlot::take(options.state_folder);
        if (!slot)
          return runner::JobResult{.conclusion = steps::Conclusion::failure,
                                   .failure = slot.error().to_string()};
        return runner::run_job(leg, leg_contexts, surroundings, slot->number(), stop);
      },
      events);
  probe.publish();
  const auto milliseconds =
      std::chrono::duration<double, std::milli>(base::system_clock().steady_now() - started).count();
  const std::string conclusion(steps::to_string(outcome.conclusion));
  events.publish(
      "run_finished", "", conclusion,
      {{"milliseconds", milliseconds}, {"run_id", record.id}, {"next", where_to_look(session, folders)}});
  log.close();
  const double finished = base::to_epoch_seconds(base::system_clock().now());
  for (const auto& leg : outcome.legs) {
    TRY(session.store->record_job({record.id, leg.key, leg.name,
                                   std::string(steps::to_string(leg.conclusion)),
                                   finished - leg.milliseconds / 1000, finished}));
  }
  TRY(session.store->finish(record.id, conclusion, finished));
  return exit_code_of(outcome);
}

base::Result<int> print_plan(const workflow::Workflow& workflow, const RunFlags& flags,
                             const Session& session) {
  const runner::RunRecord record{.id = 1, .number = 1};
  TRY(const auto contexts, outer_contexts(session.options, workflow, record));
  TRY(const auto plan, workflow::make_plan(workflow, contexts, chosen_job(flags)));
  if (flags.dry_run == DryRun::plan) {
    if (flags.log_format == LogFormat::json) {
      fmt::print("{}\n", base::to_text(workflow::to_json(plan), 2));
    } else {
      fmt::print("{}", plan_text(plan));
    }
    return kPassed;
  }
  const steps::JobFolders folders{.workspace = {"WORKSPACE", "/home/runner/work/" + workflow.path},
                                  .temp = {"TEMP", "/home/runner/work/_temp"},
                                  .actions = {"ACTIONS", "/home/runner/work/_actions"},
                                  .tool_cache = {"TOOLS", "/home/runner/work/_tool"}};
  fmt::print("{}\n", base::to_text(
                         sandbox::to_json(runner::job_sandbox_plan("JOB", folders, session.options, 1)), 2));
  return kPassed;
}

base::Result<void> attach_emulator(const CommonFlags& common, const RunFlags& flags, Session& session) {
  session.probe_url = flags.probe;
  if (!flags.emulator) return {};
  TRY(session.emulator, EmulatorSession::attach_or_start(common, flags.seed, *session.http));
  session.emulator->apply_to(session.options);
  if (session.probe_url.empty()) session.probe_url = session.emulator->load_balancer_url();
  return {};
}

}  // namespace

int run_command(const CommonFlags& common, const RunFlags& flags) {
  Session session;
  if (auto filled = fill_options(common, flags, session); !filled) return complain(filled.error());
  bool invalid = false;
  const auto workflows =
      choose_workflows(flags, session.options.event, session.options.repository.work_tree, invalid);
  if (!workflows) return complain(workflows.error());
  if (invalid) return kUsage;
  if (flags.dry_run != DryRun::no) {
    for (const auto& workflow : *workflows) {
      if (auto printed = print_plan(workflow, flags, session); !printed) return complain(printed.error());
    }
    return kPassed;
  }
  watch_for_interrupts();
  if (auto opened = open_state(session); !opened) return complain(opened.error());
  if (auto attached = attach_emulator(common, flags, session); !attached) return complain(attached.error());
  int worst = kPassed;
  for (const auto& workflow : *workflows) {
    const auto code = run_one(workflow, flags, session);
    if (!code) return complain(code.error());
    worst = std::max(worst, *code);
    if (interrupted()) break;
  }
  return worst;
}

}  // namespace cli
