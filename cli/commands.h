#pragma once
// One function per verb: flags in, exit code out. Each prints what people need to see.

#include "base/result.h"
#include "cli/command_line.h"

namespace cli {

enum ExitCode : int { kPassed = 0, kJobFailed = 1, kUsage = 2, kRunnerFailed = 3, kInterrupted = 130 };

/// Prints the error; the exit code that fits it.
int complain(const base::Error& error);

int run_command(const CommonFlags& common, const RunFlags& flags);
int check_command(const CommonFlags& common, const CheckFlags& flags);
int eval_command(const EvalFlags& flags);
int emulator_command(const CommonFlags& common, const EmulatorFlags& flags);
int image_command(const CommonFlags& common, const ImageFlags& flags);
int explain_command(const ExplainFlags& flags);
int graph_command(const GraphFlags& flags);
int lock_command(const CommonFlags& common, const LockFlags& flags);
int doctor_command(const CommonFlags& common, const DoctorFlags& flags);
int runs_command(const CommonFlags& common, const RunsFlags& flags);
int show_command(const CommonFlags& common, const ShowFlags& flags);
int logs_command(const CommonFlags& common, const LogsFlags& flags);
int rerun_command(const CommonFlags& common, const RerunFlags& flags);
int shell_command(const CommonFlags& common, const ShellFlags& flags);
int cancel_command(const CommonFlags& common, const CancelFlags& flags);
int gc_command(const CommonFlags& common, const GcFlags& flags);
int decide_command(const CommonFlags& common, const DecideFlags& flags);
int artifact_command(const CommonFlags& common, const ArtifactFlags& flags);
int cache_command(const CommonFlags& common, const CacheFlags& flags);
int deploy_command(const CommonFlags& common, const DeployFlags& flags);
int rollback_command(const RollbackFlags& flags);
int status_command(const StatusFlags& flags);
int serve_command(const CommonFlags& common, const ServeFlags& flags);
int dispatch_command(const DispatchFlags& flags);
int rehearse_command(const CommonFlags& common, const RehearseFlags& flags);
int ecr_command(const EcrFlags& flags);
int runner_command(const CommonFlags& common, const RunnerFlags& flags);
int secret_command(const CommonFlags& common, const SecretVerbFlags& flags);
int variable_command(const CommonFlags& common, const VariableFlags& flags);
int oidc_command(const CommonFlags& common, const OidcFlags& flags);
int backup_command(const CommonFlags& common, const BackupFlags& flags);
int restore_command(const CommonFlags& common, const BackupFlags& flags);

}  // namespace cli
