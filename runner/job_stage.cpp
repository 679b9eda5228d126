#include "runner/job_stage.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/crypto.h"
#include "base/json.h"
#include "base/strings.h"
#include "runner/action_store.h"
#include "runner/environment_rules.h"
#include "runner/github_context.h"
#include "runner/job_log.h"
#include "runner/job_sandbox.h"
#include "runner/job_sections.h"
#include "runner/results_access.h"
#include "steps/artifact_subjects.h"
#include "steps/hash_files.h"
#include "steps/prepare_actions.h"
#include "steps/step_events.h"

namespace runner {

using steps::Conclusion;
using workflow::expression::Object;
using workflow::expression::Value;

workflow::Scope scope_of_job(const steps::RunningJob& job) {
  // Of a job as of its workflow: they are written in one file.
  return {.contexts = job.contexts,
          .status = {.success = [&job](const auto&) { return job.status == Conclusion::success; },
                     .failure = [&job](const auto&) { return job.status == Conclusion::failure; },
                     .cancelled = [&job] { return job.status == Conclusion::cancelled; }},
          .hash_files = [&job](const auto& patterns) { return steps::hash_files(job.folders, patterns); },
          .file = job.planned->job->file};
}
namespace {

base::Result<void> add_environment(const workflow::Node& env, steps::RunningJob& job) {
  TRY(const auto list, workflow::evaluate_mapping(env, scope_of_job(job)));
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

void set_contexts(const workflow::PlannedJob& planned, const RunSurroundings& run, steps::RunningJob& job) {
  auto& contexts = job.contexts;
  contexts.set("runner", runner_context(job.folders));
  if (run.options.step_debug) contexts.set_member("runner", "debug", Value("1"));
  contexts.set("steps", Value(Object()));
  contexts.set("env", Value(Object(workflow::expression::NameCase::counts)));
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
  job.machine_environment["HOME"] = home_of_steps(run.options.isolation, job.folders);
  // The host's /tmp is shared with all that runs there.
  if (run.options.isolation == Isolation::landlock)
    job.machine_environment["TMPDIR"] = job.folders.temp.inside;
  // UTF-8 for every program; as LANG it would make each of them load twelve more files at its start.
  job.machine_environment["LC_CTYPE"] = "C.UTF-8";
  // Without it bash looks its user up at every start.
  job.machine_environment["SHELL"] = "/bin/bash";
  // Processes that hold it are of this job (actions/runner JobExtension).
  job.machine_environment["RUNNER_TRACKING_ID"] = "github_" + base::random_uuid();
  // Names the job to who looks for it in logs: run, job and leg (actions/runner ScriptHandler).
  job.machine_environment["ACTIONS_ORCHESTRATION_ID"] = fmt::format(
      "{}.{}.{}", backend_id(fmt::format("run {}", contexts.get("github").get("run_id").to_text())),
      planned.job->id, planned.total == 1 ? "__default" : std::to_string(planned.index));
  for (const auto& [name, value] : run.options.environment) {
    job.environment[name] = value;
    contexts.set_member("env", name, Value(value));
  }
}

base::Result<void> evaluate_environment(const workflow::PlannedJob& planned, steps::RunningJob& job) {
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
  TRY(const auto environment, environment_name(planned.job->environment, scope_of_job(stage.job)));
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
  const auto github = stage.job.contexts.get("github");
  stage.services.results = results_access(github, planned, run.options.results);
  if (run.results == nullptr) return;
  const auto attempt = github.get("run_attempt").to_text();
  for (auto& [name, value] :
       run.results->add_job(stage.services.results, attempt, run.options.forge_results)) {
    // Of a JSON web token the signature is secret: the masker of many jobs stays small without the rest.
    if (name == ResultsService::kTokenVariable)
      run.masker.add(std::string_view(value).substr(value.rfind('.') + 1));
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
  const auto& policy = run.options.network;
  surroundings.leads_out = policy.rule != NetworkRule::none;
  surroundings.connect_apart = [&policy, &stage, services = std::move(surroundings.connect_apart)](
                                   sandbox::Sandbox& sandbox) -> base::Result<std::shared_ptr<void>> {
    TRY(auto connected, services(sandbox));
    std::shared_ptr<void> gate;
    if (policy.rule != NetworkRule::none) {
      TRY(gate, JobNetwork::open_apart(policy, stage.job, sandbox,
                                       [&stage] { return stage.running_steps.text(); }));
    }
    return std::static_pointer_cast<void>(std::make_shared<std::array<std::shared_ptr<void>, 2>>(
        std::array{std::move(connected), std::move(gate)}));
  };
  return surroundings;
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

// As when GitHub's "Set up job" fails: no step runs, whatever its condition.
base::Error cannot_begin(base::Error error, steps::LogSink& log) {
  log.annotation({.level = steps::LineKind::error, .message = error.to_string()});
  error.code = kJobCannotBegin;
  return error;
}

base::Result<void> prepare_actions(const workflow::PlannedJob& planned, const RunSurroundings& run,
                                   steps::RunningJob& job) {
  if (run.visit.shell == ShellUse::instead) return {};
  auto prepared = steps::prepare_job_actions(planned.job->steps, job);
  if (prepared) return {};
  return cannot_begin(std::move(prepared).error(), *job.log);
}

std::string variable_of_machine(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// As the runner reads its switches (StringUtil.ConvertToBoolean).
bool is_set(const char* name) {
  const auto value = base::to_lower(variable_of_machine(name));
  return value == "true" || value == "1" || value == "$true";
}

// What the machine's owner wants of containers, by the variables of actions/runner.
base::Result<void> obey_machine(const ContainerRequest& request) {
  if (!request.own && is_set("ACTIONS_RUNNER_REQUIRE_JOB_CONTAINER")) {
    return base::make_error(base::ErrorKind::denied,
                            "Jobs without a job container are forbidden on this runner, please add a "
                            "'container:' to your job or contact your self-hosted runner administrator.");
  }
  const auto hooks = variable_of_machine("ACTIONS_RUNNER_CONTAINER_HOOKS");
  if (request.empty() || hooks.empty()) return {};
  return base::make_error(
      base::ErrorKind::invalid_input,
      fmt::format(
          "ACTIONS_RUNNER_CONTAINER_HOOKS names '{}', but containers of jobs are sandboxes here and no hook "
          "can make them: unset it to run this job",
          hooks));
}

// All that comes before the job's sandbox.
base::Result<void> prepare_stage(const workflow::PlannedJob& planned, const RunSurroundings& run,
                                 std::uint32_t slot, Stage& stage) {
  const auto& job = *planned.job;
  if (job.uses) {
    return base::make_error(base::ErrorKind::internal,
                            fmt::format("the workflow {} was not read before the run", job.uses->text));
  }
  const auto isolation = run.options.isolation;
  const auto owner = owner_of_steps(isolation, slot);
  stage.services.host_uid = owner;
  stage.job.workflow_defaults = planned.workflow->defaults;
  TRY(const bool contained, runs_in_container(job.container, scope_of_job(stage.job)));
  if (contained) stage.job.root = steps::JobRoot::container;
  TRY(stage.job.folders, make_job_folders(run.folders, planned.key, run.options.repository_name, owner,
                                          isolation, stage.job.root));
  set_contexts(planned, run, stage.job);
  say_surroundings(planned, run, stage.job);
  // The workflow's mistake, not the runner's.
  if (auto evaluated = evaluate_environment(planned, stage.job); !evaluated)
    return cannot_begin(std::move(evaluated).error(), *stage.job.log);
  say_cache_mode(stage.job.contexts.get("github"), planned, *stage.job.log);
  TRY(write_event(stage.job));
  TRY(prepare_services(planned, run, stage));
  prepare_results(planned, run, stage);
  if (is_set("ACTIONS_RUNNER_ALLOW_ARTIFACTS_FILE"))
    stage.job.artifact_subjects = std::make_shared<steps::ArtifactSubjects>();
  // The front is a program of this machine: it would not run on the libraries of an image.
  if (run.options.docker == steps::DockerMode::builtin && !contained && isolation != Isolation::landlock) {
    TRY(stage.docker, steps::DockerService::start(stage.job, docker_folder(stage.job.folders)));
    TRY(put_docker_on_path(stage.job, isolation));
  }
  TRY(auto request, read_container_request(job, scope_of_job(stage.job), *stage.job.log));
  if (auto obeyed = obey_machine(request); !obeyed)
    return cannot_begin(std::move(obeyed).error(), *stage.job.log);
  if (isolation == Isolation::namespaces) {
    TRY(stage.containers,
        JobContainers::prepare(std::move(request),
                               job_sandbox_plan(planned.key, stage.job.folders, run.options, slot),
                               stage.job));
    stage.services.containers = surroundings_of(run, stage);
  } else if (!request.empty()) {
    return no_containers_with(isolation, job.id);
  }
  TRY(prepare_actions(planned, run, stage.job));
  stage.job.log->line(steps::LineKind::detail, fmt::format("Complete job name: {}", planned.name));
  return {};
}

base::Result<void> start_sandbox(const RunSurroundings& run, std::uint32_t slot, Stage& stage) {
  if (stage.containers) {
    TRY(stage.sandbox,
        stage.containers->start([&run, &stage](sandbox::Sandbox& sandbox, const std::string& service) {
          return JobNetwork::open_beside(run.options.network, stage.job, sandbox,
                                         [name = "service " + service] { return name; });
        }));
  } else {
    const auto plan = job_sandbox_plan(stage.job.planned->key, stage.job.folders, run.options, slot);
    TRY(stage.sandbox, make_plain_sandbox(run.options.isolation, plan, *stage.job.log));
  }
  stage.job.sandbox = stage.sandbox.get();
  stage.loopback = std::make_unique<JobLoopback>();
  TRY(open_loopback(run, stage.services, *stage.sandbox, *stage.loopback));
  return watch_over(run.options, stage);
}

void report_unless_reported(const base::Result<void>& done, steps::LogSink& log) {
  if (done || done.error().code == kJobCannotBegin) return;
  log.annotation({.level = steps::LineKind::error, .message = done.error().to_string()});
}

}  // namespace

base::Result<void> open_stage(const workflow::PlannedJob& planned, const RunSurroundings& run,
                              std::uint32_t slot, Stage& stage) {
  auto& log = *stage.job.log;
  const steps::StepEvents events(log, "Set up job", steps::StepOwner::runner);
  auto done = prepare_stage(planned, run, slot, stage);
  // Containers are a step of their own.
  const bool has_containers = stage.containers && stage.containers->any();
  if (done && !has_containers) done = start_sandbox(run, slot, stage);
  report_unless_reported(done, log);
  auto conclusion = Conclusion::success;
  if (!done) conclusion = stage.job.stop.stop_requested() ? Conclusion::cancelled : Conclusion::failure;
  events.finished({conclusion, conclusion, {}});
  if (!done || !has_containers) return done;
  done = start_sandbox(run, slot, stage);
  report_unless_reported(done, log);
  return done;
}

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
}  // namespace runner
