#include "cli/run_again.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "cli/action_options.h"
#include "cli/ask_hidden.h"
#include "cli/run_inputs.h"
#include "cli/workflow_files.h"
#include "runner/run_owner.h"

namespace cli {

namespace {

/// Every secret that the run had has a value again: from the flags, the file that was named, or the terminal.
base::Result<void> give_secrets_again(const SecretFlags& given, MayAsk may_ask, RunRequest& request) {
  auto& flags = request.flags;
  TRY(const auto pairs, parse_pairs(given.secrets, BareName::from_environment));
  flags.secrets.clear();
  if (!given.secret_file.empty()) flags.secret_file = given.secret_file;
  if (!flags.secret_file.empty() && !base::exists(flags.secret_file)) flags.secret_file.clear();
  std::map<std::string, std::string> known = pairs;
  if (!flags.secret_file.empty()) {
    TRY(const auto of_file, read_pairs_file(flags.secret_file));
    known.insert(of_file.begin(), of_file.end());
  }
  std::vector<std::string> missing;
  for (const auto& name : request.secret_names) {
    if (known.contains(name)) continue;
    if (may_ask == MayAsk::yes && can_ask()) {
      known[name] = ask_hidden(fmt::format("secret {}", name));
    } else {
      missing.push_back(name);
    }
  }
  if (!missing.empty()) {
    return base::invalid_input(fmt::format(
        "the run had secrets, which are not stored; give them again: --secret {}, or --secret-file FILE",
        fmt::join(missing, " --secret ")));
  }
  for (const auto& [name, value] : known) flags.secrets.push_back(name + "=" + value);
  return {};
}

}  // namespace

base::Result<std::unique_ptr<RunAgain>> prepare_again(const CommonFlags& common, std::int64_t run,
                                                      const SecretFlags& secrets, MayAsk may_ask) {
  auto again = std::make_unique<RunAgain>();
  TRY(again->store, open_history(common));
  TRY(again->run, find_run(*again->store, run));
  if (runner::is_running(common.state_folder, again->run.id)) return runner::still_running(again->run.id);
  TRY(again->request, load_request(runner::run_folder(common.state_folder, again->run.id)));
  auto& request = again->request;
  std::error_code error;
  std::filesystem::current_path(request.folder, error);
  if (error) return base::system_error("going to " + request.folder + ", where the run began", error.value());
  TRY(give_secrets_again(secrets, may_ask, request));
  auto& flags = request.flags;
  flags.shell_on_failure = false;
  if (!flags.event_file.empty() && !base::exists(flags.event_file)) flags.event_file.clear();
  auto& session = again->session;
  TRY(fill_options(common, flags, session));
  if (session.options.event.sha != request.event.sha) {
    fmt::print(stderr,
               "pipeline: the files are those of now; GITHUB_SHA is still that of the first attempt, {:.7}\n",
               request.event.sha);
  }
  session.options.event = request.event;
  session.options.actor = again->run.actor;
  // `$/path` is of the commit that the event names.
  TRY(auto actions, action_store_options(flags.actions, session.options));
  session.actions.emplace(std::move(actions));
  TRY(again->loaded,
      load_workflow_file(request.workflow, {session.options.repository.work_tree, session.options.actions}));
  print_diagnostics(again->loaded.diagnostics);
  if (!again->loaded.workflow)
    return base::invalid_input(fmt::format("{} cannot be run as it is now", request.workflow));
  return again;
}

base::Result<std::map<std::string, runner::KeptResult>> results_to_keep(const RerunFlags& flags,
                                                                        const runner::RunRecord& run,
                                                                        runner::RunStore& store) {
  std::map<std::string, runner::KeptResult> kept;
  if (!flags.failed && flags.job.empty()) return kept;
  bool found = flags.job.empty();
  TRY(const auto jobs, store.jobs_of(run.id, run.attempt));
  for (const auto& job : jobs) {
    const bool is_it = !flags.job.empty() && (job.job == flags.job || job.job.starts_with(flags.job + " (") ||
                                              job.job.starts_with(flags.job + " / "));
    found = found || is_it;
    const auto conclusion = steps::parse_conclusion(job.conclusion);
    // What was skipped is decided anew: it costs nothing, and its reason may have gone.
    if (is_it || !conclusion || *conclusion == steps::Conclusion::skipped) continue;
    if (flags.failed && *conclusion != steps::Conclusion::success) continue;
    kept[job.job] = {.conclusion = *conclusion, .outputs = job.outputs, .attempt = job.attempt};
  }
  if (!found) {
    return base::make_error(
        base::ErrorKind::not_found,
        fmt::format("run {} has no job '{}'; `pipeline show {}` lists its jobs", run.id, flags.job, run.id));
  }
  return kept;
}

}  // namespace cli
