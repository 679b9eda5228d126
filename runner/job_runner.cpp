#include "runner/job_runner.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/crypto.h"
#include "base/json.h"
#include "runner/action_store.h"
#include "runner/disk_watch.h"
#include "runner/environment_rules.h"
#include "runner/github_context.h"
#include "runner/job_containers.h"
#include "runner/job_log.h"
#include "runner/job_loopback.h"
#include "runner/job_network.h"
#include "runner/job_sandbox.h"
#include "runner/results_access.h"
#include "steps/docker_service.h"
#include "steps/hash_files.h"
#include "steps/time_limit.h"

namespace runner {

using steps::Conclusion;
using workflow::expression::Object;
using workflow::expression::Value;

namespace {

constexpr double kDefaultTimeoutMinutes = 360;
constexpr double kDefaultCleanupMinutes = 5;  // cancel-timeout-minutes

/// Everything a job owns while it runs, in the order in which it has to go.
struct Stage {
  steps::JobServices services;
  steps::RunningJob job;
  std::unique_ptr<JobContainers> containers;
  std::unique_ptr<sandbox::Sandbox> sandbox;
  std::unique_ptr<JobLoopback> loopback;
  std::unique_ptr<steps::DockerService> docker;
  RunningSteps running_steps;
  std::unique_ptr<JobNetwork> network;
  std::unique_ptr<DiskWatch> disk;
};

workflow::Scope scope_of(const steps::RunningJob& job) {
  // Of a job as of its workflow: they are written in one file.
  return {.contexts = job.contexts,
          .status = {.success = [&job](const auto&) { return job.status == Conclusion::success; },
                     .failure = [&job](const auto&) { return job.status == Conclusion::failure; },
                     .cancelled = [&job] { return job.status == Conclusion::cancelled; }},
          .hash_files = [&job](const auto& patterns) { return steps::hash_files(job.folders, patterns); },
          .file = job.planned->job->file};
}

base::Result<void> add_environment(const workflow::Node& env, steps::RunningJob& job) {
  TRY(const auto list, workflow::evaluate_mapping(env, scope_of(job)));
  for (const auto& [name, value] : list) {
    job.environment[name] = value;
    job.contexts.set_member("env", name, Value(value));
  }
  return {};
}

// The file of the user's repository that says what the job may use: that of a called workflow of another
// repository is what it was called from.
std::string locked_workflow(const workflow::PlannedJob& planned, const RunSurroundings& run) {
  const auto& path = planned.workflow->path;
  if (path.starts_with("./")) return path.substr(2);
  return path_in_repository(run.workflow.path, run.options.repository.work_tree);
}

void offer_actions(const workflow::PlannedJob& planned, const RunSurroundings& run,
                   steps::JobServices& services) {
  auto* store = run.options.actions;
  if (store == nullptr) return;
  const auto file = locked_workflow(planned, run);
  services.fetch_action = [store, file](const workflow::RepositoryReference& reference,
                                        const steps::ActionFetch& fetch) {
    return store->find(reference, file, fetch);
  };
  services.is_replaced = [store](const workflow::RepositoryReference& reference) {
    return store->is_replaced(reference);
  };
  if (store->is_locked(file))
    services.actions_notice = "Using locked action versions from the workflow's lockfile";
}

// What is known of a called workflow of another repository once it was fetched.
WorkflowOrigin origin_in_run(const workflow::PlannedJob& planned, const RunSurroundings& run,
                             const Value& github) {
  auto origin = origin_of(*planned.workflow, run.workflow, github);
  if (planned.workflow == &run.workflow || run.options.actions == nullptr) return origin;
  const auto reference = workflow::parse_repository_reference(planned.workflow->path);
  if (!reference) return origin;
  const auto resolved = run.options.actions->resolved(*reference);
  if (!resolved) return origin;
  origin.sha = resolved->commit;
  origin.ref = fmt::format("{}/{}@{}", reference->repository, reference->path, resolved->full_name);
  return origin;
}

base::Result<void> set_contexts(const workflow::PlannedJob& planned, const RunSurroundings& run,
                                steps::RunningJob& job) {
  auto& contexts = job.contexts;
  contexts.set("runner", runner_context(job.folders));
  if (run.options.step_debug) contexts.set_member("runner", "debug", Value("1"));
  contexts.set("steps", Value(Object()));
  contexts.set("env", Value(Object()));
  Object state;
  state.set("status", Value("success"));
  const auto origin = origin_in_run(planned, run, contexts.get("github"));
  state.set("workflow_ref", Value(origin.ref));
  state.set("workflow_sha", Value(origin.sha));
  state.set("workflow_repository", Value(origin.repository));
  state.set("workflow_file_path", Value(origin.file_path));
  contexts.set("job", Value(std::move(state)));
  contexts.set_member("github", "workspace", Value(job.folders.workspace.inside));
  contexts.set_member("github", "job", Value(planned.job->id));
  job.machine_environment["HOME"] = home_of_steps(run.options.isolation);
  // UTF-8 for every program; as LANG it would make each of them load twelve more files at its start.
  job.machine_environment["LC_CTYPE"] = "C.UTF-8";
  // Without it bash looks its user up at every start.
  job.machine_environment["SHELL"] = "/bin/bash";
  // Processes that hold it are of this job (actions/runner JobExtension).
  job.machine_environment["RUNNER_TRACKING_ID"] = "github_" + base::random_uuid();
  for (const auto& [name, value] : run.options.environment) {
    job.environment[name] = value;
    contexts.set_member("env", name, Value(value));
  }
  TRY(add_environment(planned.workflow->env, job).while_doing("evaluating the workflow's env"));
  return add_environment(planned.job->env, job).while_doing("evaluating the job's env");
}

// GITHUB_EVENT_PATH: the payload, where steps can read it.
base::Result<void> write_event(steps::RunningJob& job) {
  const auto payload = workflow::expression::to_json(job.contexts.get("github").get("event"));
  TRY(base::write_file(job.folders.workflow.host / "event.json", base::to_text(payload, 2)));
  job.contexts.set_member("github", "event_path", Value(job.folders.workflow.inside + "/event.json"));
  return {};
}

base::Result<void> prepare_services(const workflow::PlannedJob& planned, const RunSurroundings& run,
                                    Stage& stage) {
  auto& services = stage.services;
  services.http = run.options.http;
  services.images = run.options.images;
  services.docker = run.options.docker;
  apply_network_policy(run.options.network, services);
  services.repository = run.options.repository.work_tree;
  services.registry_endpoints = run.options.registry_endpoints;
  services.no_builtin = run.options.no_builtin;
  offer_actions(planned, run, services);
  if (run.issuer == nullptr || !may_ask_for_id_tokens(*planned.job)) return {};
  TRY(const auto environment, environment_name(planned.job->environment, scope_of(stage.job)));
  const auto grant = run.issuer->add_job(
      planned.key, oidc_claims(stage.job.contexts.get("github"), environment,
                               origin_in_run(planned, run, stage.job.contexts.get("github"))));
  services.id_token_request_url = grant.request_url;
  services.id_token_request_token = grant.request_token;
  run.masker.add(grant.request_token);
  services.mint_id_token = [issuer = run.issuer, key = planned.key](const std::string& audience) {
    return issuer->mint(key, audience);
  };
  return {};
}

// Artifacts and caches: for built-ins directly, for other actions by the service.
void prepare_results(const workflow::PlannedJob& planned, const RunSurroundings& run, Stage& stage) {
  stage.services.results = results_access(stage.job.contexts.get("github"), planned.key, run.options.results);
  if (run.results == nullptr) return;
  const auto attempt = stage.job.contexts.get("github").get("run_attempt").to_text();
  for (auto& [name, value] : run.results->add_job(stage.services.results, attempt)) {
    if (name == ResultsService::kTokenVariable) run.masker.add(value);
    stage.job.runtime_environment[name] = value;
  }
}

// With a network of its own, a sandbox of the job finds the runner's servers where their addresses say.
base::Result<void> open_loopback(const RunSurroundings& run, const steps::JobServices& services,
                                 sandbox::Sandbox& sandbox, JobLoopback& loopback) {
  if (run.options.isolation == Isolation::none || run.options.network.rule == NetworkRule::host) return {};
  if (run.results != nullptr) TRY(loopback.add(sandbox, run.results->server()));
  if (!services.id_token_request_url.empty()) TRY(loopback.add(sandbox, run.issuer->server()));
  return {};
}

// What a Docker action's sandbox reaches: the job's services, and what the job's own does.
steps::ContainerSurroundings surroundings_of(const RunSurroundings& run, Stage& stage) {
  auto surroundings = stage.containers->surroundings();
  surroundings.connect = [&run, &stage, services = std::move(surroundings.connect)](
                             sandbox::Sandbox& sandbox) -> base::Result<std::shared_ptr<void>> {
    auto loopback = std::make_shared<JobLoopback>();
    TRY(open_loopback(run, stage.services, sandbox, *loopback));
    TRY(auto connected, services(sandbox));
    TRY(auto gate, JobNetwork::open_beside(run.options.network, stage.job, sandbox,
                                           [&stage] { return stage.running_steps.text(); }));
    return std::static_pointer_cast<void>(std::make_shared<std::array<std::shared_ptr<void>, 3>>(
        std::array{std::static_pointer_cast<void>(loopback), connected, gate}));
  };
  return surroundings;
}

std::chrono::milliseconds time_limit_of(double minutes, const RunOptions& options) {
  const std::chrono::milliseconds own(static_cast<std::int64_t>(minutes * 60'000));
  return options.time_limit.count() > 0 ? std::min(own, options.time_limit) : own;
}

// What looks at a job from outside while its steps run.
base::Result<void> watch_over(const RunOptions& options, Stage& stage) {
  if (options.isolation == Isolation::none) return {};
  TRY(stage.network, JobNetwork::open(options.network, stage.job, *stage.sandbox,
                                      [&stage] { return stage.running_steps.text(); }));
  if (options.limits.disk_bytes == 0) return {};
  const auto& folders = stage.job.folders;
  stage.disk =
      std::make_unique<DiskWatch>(std::vector<base::Path>{folders.workspace.host, folders.temp.host,
                                                          folders.actions.host, folders.tool_cache.host},
                                  options.limits.disk_bytes, [sandbox = stage.sandbox.get()] {
                                    (void)sandbox->signal(0, SIGKILL, sandbox::SignalTarget::all).ok();
                                  });
  stage.services.limit_that_ended_it = [watch = stage.disk.get()] { return watch->limit_that_ended_it(); };
  return {};
}

base::Result<void> open_stage(const workflow::PlannedJob& planned, const RunSurroundings& run,
                              std::uint32_t slot, Stage& stage) {
  const auto& job = *planned.job;
  if (job.uses) {
    return base::make_error(base::ErrorKind::internal,
                            fmt::format("the workflow {} was not read before the run", job.uses->text));
  }
  const auto isolation = run.options.isolation;
  const auto owner = isolation == Isolation::none ? ::geteuid() : sandbox::first_host_id(slot);
  stage.services.host_uid = owner;
  stage.job.workflow_defaults = planned.workflow->defaults;
  stage.job.contexts.set("strategy", workflow::strategy_context(planned));
  stage.job.contexts.set("matrix", planned.matrix);
  TRY(const bool contained, runs_in_container(job.container, scope_of(stage.job)));
  if (contained) stage.job.root = steps::JobRoot::container;
  TRY(stage.job.folders, make_job_folders(run.folders, planned.key, run.options.repository_name, owner,
                                          isolation, stage.job.root));
  TRY(set_contexts(planned, run, stage.job));
  TRY(write_event(stage.job));
  TRY(prepare_services(planned, run, stage));
  prepare_results(planned, run, stage);
  // The front is a program of this machine: it would not run on the libraries of an image.
  if (run.options.docker == steps::DockerMode::builtin && !contained) {
    TRY(stage.docker, steps::DockerService::start(stage.job, docker_folder(stage.job.folders)));
    TRY(put_docker_on_path(stage.job, isolation));
  }
  TRY(auto request, read_container_request(job, scope_of(stage.job), *stage.job.log));
  if (isolation == Isolation::none) {
    if (!request.empty()) {
      return base::make_error(
          base::ErrorKind::invalid_input,
          "the job asks for containers, which are sandboxes here; run it without --sandbox none");
    }
    stage.sandbox = sandbox::make_host_sandbox();
    stage.job.log->line(steps::LineKind::warning,
                        "this job runs without a sandbox: its steps may do all that you may do");
  } else {
    TRY(stage.containers,
        JobContainers::prepare(std::move(request),
                               job_sandbox_plan(planned.key, stage.job.folders, run.options, slot),
                               stage.job));
    stage.services.containers = surroundings_of(run, stage);
    TRY(stage.sandbox,
        stage.containers->start([&run, &stage](sandbox::Sandbox& sandbox, const std::string& service) {
          return JobNetwork::open_beside(run.options.network, stage.job, sandbox,
                                         [name = "service " + service] { return name; });
        }));
  }
  stage.job.sandbox = stage.sandbox.get();
  stage.loopback = std::make_unique<JobLoopback>();
  TRY(open_loopback(run, stage.services, *stage.sandbox, *stage.loopback));
  return watch_over(run.options, stage);
}

// In the order in which it has to go; nothing of it is left.
base::Result<void> close_stage(const workflow::PlannedJob& planned, const RunSurroundings& run,
                               Stage& stage) {
  if (run.issuer != nullptr) run.issuer->remove_job(planned.key);
  if (run.results != nullptr) run.results->remove_job(planned.key);
  stage.loopback.reset();
  stage.docker.reset();
  if (stage.network) stage.network->report();
  stage.network.reset();
  stage.services.limit_that_ended_it = nullptr;
  stage.disk.reset();
  return stage.sandbox ? stage.sandbox->destroy() : base::Result<void>();
}

base::Result<steps::Outputs> evaluate_outputs(steps::RunningJob& job) {
  steps::Outputs outputs;
  // With what the steps put into GITHUB_ENV.
  for (const auto& [name, value] : job.environment) job.contexts.set_member("env", name, Value(value));
  TRY(const auto list, workflow::evaluate_mapping(job.planned->job->outputs, scope_of(job)));
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
  TRY(const auto name, environment_name(node, scope_of(job)));
  base::Json details = {{"name", name}};
  if (node["url"].present()) {
    TRY(const auto url, workflow::evaluate_node(node["url"], scope_of(job)));
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
  TRY(const bool is_deployment, workflow::evaluate_boolean(node["deployment"], true, scope_of(job)));
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
        workflow::evaluate_number(planned.job->timeout_minutes, kDefaultTimeoutMinutes, scope_of(job));
    const auto limit = time_limit_of(minutes.ok() ? *minutes : kDefaultTimeoutMinutes, run.options);
    const steps::TimeLimit time(stop, {.limit = limit});
    job.stop = time.token();
    const auto cleanup =
        workflow::evaluate_number(planned.job->cancel_timeout_minutes, kDefaultCleanupMinutes, scope_of(job));
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
