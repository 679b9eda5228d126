#pragma once
// What a job's sandbox holds, as a plan (pure), and the `docker` front in it.

#include <string>

#include "base/files.h"
#include "runner/run_options.h"
#include "sandbox/plan.h"
#include "steps/running_job.h"

namespace runner {

/// The host's tools read-only, the job's folders, a HOME on tmpfs (by landlock alone: one of the folders).
sandbox::Plan job_sandbox_plan(const std::string& label, const steps::JobFolders& folders,
                               const RunOptions& options, std::uint32_t slot);

/// $HOME of steps: a private one, or without a sandbox the user's own.
std::string home_of_steps(Isolation isolation, const steps::JobFolders& folders);

/// Host folder of the docker front's socket and program; the sandbox sees it as steps::kDockerFolderInside.
base::Path docker_folder(const steps::JobFolders& folders);
/// Puts this program as `docker` into that folder and the folder on the steps' PATH.
base::Result<void> put_docker_on_path(steps::RunningJob& job, Isolation isolation);

}  // namespace runner
