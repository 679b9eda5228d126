#pragma once
// All that one job has while it runs, set up and taken down: its contexts, the services for its steps, its
// sandbox, containers and network, and what watches over them. Not the steps themselves (job_steps).

#include <memory>

#include "runner/disk_watch.h"
#include "runner/job_containers.h"
#include "runner/job_loopback.h"
#include "runner/job_network.h"
#include "runner/job_runner.h"
#include "runner/running_steps.h"
#include "steps/docker_service.h"
#include "steps/running_job.h"

namespace runner {

/// Everything a job owns while it runs, in the order in which it has to go.
struct Stage {
  steps::JobServices services;
  steps::RunningJob job;
  std::unique_ptr<JobContainers> containers;
  std::unique_ptr<sandbox::Sandbox> sandbox;
  std::unique_ptr<JobLoopback> loopback;
  std::unique_ptr<steps::DockerService> docker;
  RunningSteps running_steps;
  std::unique_ptr<JobNetwork> network;
  std::unique_ptr<DiskWatch> disk;
};
/// What the job's expressions see. The job outlives it.
workflow::Scope scope_of_job(const steps::RunningJob& job);

/// Fills a stage whose `job` has its plan, contexts, log and masker: the section "Set up job" of its log. Why
/// it fails stands there. What was opened by then is closed by close_stage.
base::Result<void> open_stage(const workflow::PlannedJob& planned, const RunSurroundings& run,
                              std::uint32_t slot, Stage& stage);

/// In the order in which it has to go; nothing of it is left.
base::Result<void> close_stage(const workflow::PlannedJob& planned, const RunSurroundings& run, Stage& stage);

}  // namespace runner
