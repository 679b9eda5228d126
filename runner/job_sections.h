#pragma once
// What the runner says of a job in sections of its own: "Set up job" before all steps, "Complete job" after
// them (actions/runner JobExtension.cs). Mostly details, which only those see who ask for them. Not for what
// the sections do (job_stage, job_runner).

#include "runner/job_runner.h"
#include "steps/running_job.h"

namespace runner {

/// Names and machine, the sandbox and the network that the job's steps will have, what its token may do, and
/// for a job of a called workflow where that is from and its inputs. `job` has its contexts and folders.
void say_surroundings(const workflow::PlannedJob& planned, const RunSurroundings& run,
                      const steps::RunningJob& job);

/// Which of the job's actions were made for Node.js 20 or older, and run by a newer one.
void warn_of_old_node(steps::RunningJob& job);

/// Which processes the job's steps have left; they end with the sandbox.
void say_orphans(steps::RunningJob& job);

}  // namespace runner
