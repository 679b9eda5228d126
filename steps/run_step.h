#pragma once
// One step from its condition to its conclusion: if → env → dispatch → outcome → environment files.

#include <string>

#include "steps/running_job.h"

namespace steps {

/// The name shown: `name:` evaluated, or `Run <first line>` / `Run owner/repo@ref` (actions/runner
/// ActionRunner).
std::string display_name(const workflow::Step& step, const RunningJob& job);

/// The same before the step has begun: with the `env` that it will have.
std::string name_before_start(const workflow::Step& step, RunningJob& job);

/// Runs one step of the job and records it in job.contexts (`steps`) and job.status. A time limit or
/// cancellation ends what it started: SIGINT, 7.5 s, SIGTERM, 2.5 s, SIGKILL.
/// An Error means the runner itself could not go on (the sandbox died), never that the step failed.
base::Result<StepResult> run_step(const workflow::Step& step, RunningJob& job);

/// Takes the last of job.post_steps, of which there has to be one, and runs it. What goes wrong is its
/// failure alone: those before it still have to clean up.
Conclusion run_last_post_step(RunningJob& job);

}  // namespace steps
