#pragma once
// One job on this machine: folders → sandbox → steps → post steps → outputs → nothing left.

#include <chrono>
#include <map>
#include <string>

#include "runner/job_steps.h"
#include "runner/oidc_issuer.h"
#include "runner/results_service.h"
#include "runner/run_event.h"
#include "runner/run_options.h"
#include "runner/workspace.h"
#include "steps/secret_masker.h"
#include "steps/step_result.h"
#include "workflow/contexts.h"
#include "workflow/plan.h"

namespace runner {

struct JobResult {
  steps::Conclusion conclusion = steps::Conclusion::success;
  steps::Outputs outputs;
  std::string failure;  ///< why the runner itself could not run it; "" when the steps decided
};

/// What all jobs of a run share.
struct RunSurroundings {
  const workflow::Workflow& workflow;
  const RunOptions& options;
  const RunFolders& folders;
  EventStream& events;
  steps::SecretMasker& masker;
  OidcIssuer* issuer = nullptr;  ///< when a job may ask for ID tokens
  ResultsService* results = nullptr;
  Visit visit = {};
};

/// Runs on the calling thread. `contexts` hold github, vars, secrets, inputs, needs. `slot` is the id range
/// that no other running job has.
JobResult run_job(const workflow::PlannedJob& job, const workflow::Contexts& contexts,
                  const RunSurroundings& run, std::uint32_t slot, const std::stop_token& stop);

/// What a workflow asks for, between nothing and a year.
std::chrono::milliseconds time_of_minutes(double minutes);

/// How long what a cancelled job still runs may take, of its `cancel-timeout-minutes`: at least a minute, and
/// fifteen seconds less for the end of the job itself (actions/runner JobDispatcher.cs).
std::chrono::milliseconds time_for_cleanup(double minutes);

/// Whether the job has `permissions: id-token: write`, by itself or by its workflow or caller.
bool may_ask_for_id_tokens(const workflow::Job& job);

}  // namespace runner
