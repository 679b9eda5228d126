#include "cli/supervise.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>

#include "base/http_client.h"
#include "base/log.h"
#include "base/log_form.h"
#include "cli/action_options.h"
#include "cli/commands.h"
#include "cli/interrupts.h"
#include "cli/run_again.h"
#include "cli/run_one.h"
#include "cli/workflow_files.h"
#include "sandbox/own_cgroup.h"
#include "server/checkout.h"
#include "server/master_key.h"
#include "server/process_identity.h"
#include "server/run_trace.h"
#include "server/supervision.h"
#include "server/trace_exporter.h"
#include "workflow/lint/config.h"

namespace cli {

namespace {

using base::Result;

constexpr std::size_t kLargestSettings = 8U << 20;

RunFlags flags_of(const CommonFlags& common, const server::Attempt& attempt, const server::Config& config,
                  const server::RepositoryConfig& repository) {
  RunFlags flags;
  flags.workflows = {attempt.workflow};
  flags.actor = attempt.actor;
  flags.repository_name = repository.name;
  flags.log_format = LogFormat::quiet;
  flags.emulator = config.emulator;
  flags.seed = config.emulator_seed;
  for (const auto& [name, value] : repository.variables) flags.variables.push_back(name + "=" + value);
  if (attempt.trust != server::Trust::trusted) return flags;
  flags.secret_file = repository.secrets_file;
  // Without a key there is nothing in the store.
  flags.stored_secrets = server::find_master_key(common.state_folder, server::MissingKey::is_error).ok();
  return flags;
}

// What protects environments is said by the default branch: a pull request cannot say it of itself.
Result<void> take_environments(const CommonFlags& common, const server::RepositoryConfig& repository,
                               Session& session) {
  const auto mirror = server::Mirrors(common.state_folder).path_of(repository);
  const auto text = base::read_file_of_commit(mirror, "refs/heads/" + repository.default_branch,
                                              workflow::lint::kConfigFile, kLargestSettings);
  session.environments.clear();
  if (!text) return {};
  TRY(session.environments, runner::read_environments(workflow::lint::kConfigFile, *text));
  return {};
}

Result<void> fill_session(const CommonFlags& common, const RunFlags& flags, const server::Attempt& attempt,
                          const server::RepositoryConfig& repository, Session& session) {
  TRY(fill_options(common, flags, session));
  TRY(take_environments(common, repository, session));
  auto& options = session.options;
  TRY(options.event, server::event_of(attempt, repository));
  options.actor = attempt.actor;
  options.may_mint_id_tokens = attempt.trust == server::Trust::trusted;
  // `$/path` is of the commit that the event names.
  TRY(auto actions, action_store_options(flags.actions, options));
  session.actions.emplace(std::move(actions));
  options.actions = &*session.actions;
  return {};
}

/// The run's trace, for a collector that the daemon's environment names.
class TraceOfRun {
 public:
  TraceOfRun(const server::Attempt& attempt, const std::string& external_url)
      : http_(base::make_curl_http_client()),
        trace_({.id = fmt::format("{}-{}", attempt.repository, attempt.id),
                .pipeline = attempt.name,
                .repository = attempt.repository,
                .ref = attempt.ref,
                .sha = attempt.sha,
                .url = external_url.empty() ? "" : fmt::format("{}/runs/{}", external_url, attempt.id)}) {
    const auto variable = [](const char* name) -> const char* { return std::getenv(name); };
    if (auto target = server::trace_target(variable)) exporter_.emplace(*std::move(target), *http_);
  }
  void operator()(const runner::RunEvent& event) {
    if (!exporter_) return;
    if (auto span = trace_(event); !span.is_null()) exporter_->add(std::move(span));
  }
  [[nodiscard]] bool is_on() const { return exporter_.has_value(); }
  [[nodiscard]] std::string parent_for(const std::string& job, int step) const {
    return trace_.parent_for(job, step);
  }

 private:
  std::unique_ptr<base::HttpClient> http_;
  server::RunTrace trace_;
  std::optional<server::TraceExporter> exporter_;
};

Result<RunStart> start_of(const server::Attempt& attempt, server::Supervision& supervision, TraceOfRun& trace,
                          runner::RunStore& store) {
  RunStart start;
  if (attempt.run_id != 0) {
    TRY(start.again, store.find(attempt.run_id));
    if (attempt.only_failed) {
      TRY(start.kept, results_to_keep({.failed = true}, *start.again, store));
    }
  }
  start.caller = {
      .on_begin = [&](const runner::RunRecord& run, const workflow::Plan& plan,
                      const base::Path& folder) { return supervision.run_began(run, plan, folder); },
      .on_event =
          [&](const runner::RunEvent& event) {
            supervision.on_event(event);
            trace(event);
          },
      .before_job = [&](const workflow::PlannedJob& leg,
                        const std::stop_token& stop) { return supervision.before_job(*leg.job, stop); }};
  if (trace.is_on()) {
    start.visit.trace_parent = [&trace](const std::string& job, int step) {
      return trace.parent_for(job, step);
    };
  }
  return start;
}

Result<int> run_attempt(const CommonFlags& common, const server::Config& config,
                        server::Supervision& supervision) {
  const auto& attempt = supervision.attempt();
  const auto* repository = config.find_repository(attempt.repository);
  if (repository == nullptr)
    return base::invalid_input("the configuration has no repository " + attempt.repository + " any more");
  TRY(const auto checkout, server::check_out(common.state_folder, attempt, *repository));
  std::error_code error;
  std::filesystem::current_path(checkout.work_tree, error);
  if (error) return base::system_error("going to " + checkout.work_tree.string(), error.value());
  const auto flags = flags_of(common, attempt, config, *repository);
  Session session;
  TRY(fill_session(common, flags, attempt, *repository, session));
  const auto& options = session.options;
  TRY(const auto loaded,
      load_workflow_file(attempt.workflow, {options.repository.work_tree, options.actions}));
  if (!loaded.workflow) return base::invalid_input(workflow::to_string(loaded.diagnostics.front()));
  TRY(open_state(session));
  TRY(attach_emulator(common, flags, session));
  TraceOfRun trace(attempt, config.external_url);
  TRY(const auto start, start_of(attempt, supervision, trace, *session.store));
  auto code = run_one(*loaded.workflow, flags, session, start);
  std::filesystem::current_path("/", error);
  return code;
}

std::string conclusion_of(int code) {
  if (code == kPassed) return "success";
  if (code == kInterrupted) return "cancelled";
  return code == kJobFailed ? "failure" : "error";
}

// What its jobs use up is not the daemon's, nor is it for the daemon to be killed for. Where there are no
// control groups for us, a run goes on without.
Result<sandbox::OwnCgroup> stand_apart() {
  if (auto raised = sandbox::raise_oom_score(::getpid(), sandbox::kOomScoreOfSupervisors); !raised)
    base::log(base::LogLevel::info, raised.error().to_string());
  return sandbox::OwnCgroup::enter("run");
}

}  // namespace

Result<void> supervise(const CommonFlags& common, const ServeFlags& flags) {
  watch_for_interrupts();
  base::set_log_form(base::LogForm::json);
  const auto group = stand_apart();
  TRY(const auto config, server::load_config(flags.config));
  server::SupervisionOptions options{.state_folder = common.state_folder,
                                     .attempt = flags.attempt,
                                     .fence = flags.fence,
                                     .capacity = config.capacity,
                                     .external_url = config.external_url,
                                     .on_cancel = [] { ::kill(::getpid(), SIGINT); },
                                     .on_lost = [] { ::kill(::getpid(), SIGTERM); }};
  TRY(options.boot_id, server::read_boot_id(flags.boot_id_file));
  TRY(const auto supervision, server::Supervision::begin(std::move(options)));
  const auto code = run_attempt(common, config, *supervision);
  if (!code) {
    const bool is_theirs = code.error().kind == base::ErrorKind::invalid_input;
    return supervision->finish(is_theirs ? "failure" : "error", code.error().to_string());
  }
  const auto reason = *code == kRunnerFailed ? "a job could not be run; its log says why" : "";
  return supervision->finish(conclusion_of(*code), reason);
}

}  // namespace cli
