#pragma once
// A script of the machine's owner that runs in each job, before its steps or after them (actions/runner
// JobHookProvider.cs, adr 1751). It has the default variables, not the workflow's `env`; it may print
// commands and write GITHUB_ENV, GITHUB_PATH and summaries; outputs and state of it go nowhere. Not for where
// it is found.

#include <string>

#include "base/result.h"
#include "steps/running_job.h"

namespace steps {

struct HookScript {
  std::string moment;  ///< `started`, `completed`
  std::string file;    ///< its path on the machine: .sh, .js or .ps1
  std::string text;    ///< what is in it; the path is not for the job's sandbox
};

/// Runs it as the step of that name, also in a job that is cancelled, and brings job.status up to date.
base::Result<StepResult> run_hook(const HookScript& hook, const std::string& name, RunningJob& job);

}  // namespace steps
