#include "cli/run_session.h"

#include "cli/action_options.h"
#include "cli/interrupts.h"
#include "cli/job_settings.h"
#include "cli/run_contexts.h"
#include "cli/run_environments.h"
#include "cli/run_inputs.h"
#include "runner/workspace.h"

namespace cli {

base::Result<void> fill_options(const CommonFlags& common, const RunFlags& flags, Session& session) {
  auto& options = session.options;
  session.verbose = common.verbose;
  options.state_folder = common.state_folder;
  TRY(fill_event_options(flags, options, session.masker));
  if (flags.stored_secrets) {
    TRY(session.stored_secrets, StoredSecrets::open(options.state_folder, *session.http));
    // Matrices and names of jobs see variables before there is an environment.
    TRY(const auto variables, session.stored_secrets->variables_for(options.repository_name, ""));
    for (const auto& [name, value] : variables) {
      if (options.variables.try_emplace(name, value).second) session.stored_variables.insert(name);
    }
  }
  TRY(apply_job_settings(flags, options));
  options.parallel = flags.jobs_at_once;
  options.keep = flags.keep ? runner::KeepFolders::yes : runner::KeepFolders::no;
  options.shutdown = shutdown_token();
  options.http = session.http.get();
  TRY(auto actions, action_store_options(flags.actions, options));
  session.actions.emplace(std::move(actions));
  options.actions = &*session.actions;
  TRY(session.environments, project_environments(options.repository.work_tree));
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

base::Result<void> attach_emulator(const CommonFlags& common, const RunFlags& flags, Session& session) {
  session.probe_url = flags.probe;
  if (!flags.emulator) return {};
  TRY(session.emulator, EmulatorSession::attach_or_start(common, flags.seed, *session.http));
  session.emulator->apply_to(session.options);
  if (session.probe_url.empty()) session.probe_url = session.emulator->load_balancer_url();
  return {};
}

}  // namespace cli
