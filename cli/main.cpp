// argv → verb → exit code. The binary is also the steps' `docker`.

#include <sys/prctl.h>

#include <cstdio>
#include <exception>

#include "base/log.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "steps/docker_front.h"

namespace {

struct RunVerb {
  const cli::CommonFlags& common;
  int operator()(std::monostate) const { return cli::kUsage; }
  int operator()(const cli::RunFlags& flags) const { return cli::run_command(common, flags); }
  int operator()(const cli::CheckFlags& flags) const { return cli::check_command(common, flags); }
  int operator()(const cli::EvalFlags& flags) const { return cli::eval_command(flags); }
  int operator()(const cli::EmulatorFlags& flags) const { return cli::emulator_command(common, flags); }
  int operator()(const cli::ImageFlags& flags) const { return cli::image_command(common, flags); }
  int operator()(const cli::ExplainFlags& flags) const { return cli::explain_command(flags); }
  int operator()(const cli::GraphFlags& flags) const { return cli::graph_command(flags); }
  int operator()(const cli::LockFlags& flags) const { return cli::lock_command(common, flags); }
  int operator()(const cli::DoctorFlags& flags) const { return cli::doctor_command(common, flags); }
  int operator()(const cli::RunsFlags& flags) const { return cli::runs_command(common, flags); }
  int operator()(const cli::ShowFlags& flags) const { return cli::show_command(common, flags); }
  int operator()(const cli::LogsFlags& flags) const { return cli::logs_command(common, flags); }
  int operator()(const cli::RerunFlags& flags) const { return cli::rerun_command(common, flags); }
  int operator()(const cli::ShellFlags& flags) const { return cli::shell_command(common, flags); }
  int operator()(const cli::CancelFlags& flags) const { return cli::cancel_command(common, flags); }
  int operator()(const cli::GcFlags& flags) const { return cli::gc_command(common, flags); }
  int operator()(const cli::DecideFlags& flags) const { return cli::decide_command(common, flags); }
  int operator()(const cli::ArtifactFlags& flags) const { return cli::artifact_command(common, flags); }
  int operator()(const cli::CacheFlags& flags) const { return cli::cache_command(common, flags); }
  int operator()(const cli::DeployFlags& flags) const { return cli::deploy_command(common, flags); }
  int operator()(const cli::RollbackFlags& flags) const { return cli::rollback_command(flags); }
  int operator()(const cli::StatusFlags& flags) const { return cli::status_command(flags); }
  int operator()(const cli::DispatchFlags& flags) const { return cli::dispatch_command(flags); }
  int operator()(const cli::ServeFlags& flags) const { return cli::serve_command(common, flags); }
  int operator()(const cli::RehearseFlags& flags) const { return cli::rehearse_command(common, flags); }
  int operator()(const cli::EcrFlags& flags) const { return cli::ecr_command(flags); }
  int operator()(const cli::RunnerFlags& flags) const { return cli::runner_command(common, flags); }
  int operator()(const cli::SecretVerbFlags& flags) const { return cli::secret_command(common, flags); }
  int operator()(const cli::VariableFlags& flags) const { return cli::variable_command(common, flags); }
  int operator()(const cli::OidcFlags& flags) const { return cli::oidc_command(common, flags); }
  int operator()(const cli::BackupFlags& flags) const {
    return flags.verb == "restore" ? cli::restore_command(common, flags) : cli::backup_command(common, flags);
  }
};

}  // namespace

int main(int argc, char** argv) {
  ::prctl(PR_SET_NAME, "pipeline");  // by /proc/self/exe, as supervisors are started, it would be "exe"
  if (steps::called_as_docker(argv[0])) return steps::docker_front_main(argc, argv);
  try {
    const auto line = cli::parse_command_line(argc, argv);
    if (line.exit_code) return *line.exit_code;
    if (line.common.verbose) base::set_log_level(base::LogLevel::debug);
    return std::visit(RunVerb{line.common}, line.verb);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "pipeline: internal error: %s\n", error.what());
    return cli::kRunnerFailed;
  }
}
