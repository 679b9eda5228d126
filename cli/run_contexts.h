#pragma once
// What the verbs that look at a workflow with an event have in common: the repository, the event, secrets and
// variables as the flags say, and the contexts that are the same for all jobs.

#include "base/result.h"
#include "cli/command_line.h"
#include "runner/run_options.h"
#include "runner/run_store.h"
#include "steps/secret_masker.h"
#include "workflow/contexts.h"

namespace cli {

/// Fills in repository, event, actor, secrets, variables and environment; the masker learns the secrets.
base::Result<void> fill_event_options(const EventFlags& flags, runner::RunOptions& options,
                                      steps::SecretMasker& masker);

/// github, secrets, vars and inputs; the inputs of workflow_dispatch are checked against the workflow's.
base::Result<workflow::Contexts> outer_contexts(const runner::RunOptions& options,
                                                const workflow::Workflow& workflow,
                                                const runner::RunRecord& run);

/// The flag --job as make_plan takes it.
std::optional<std::string> chosen_job(const EventFlags& flags);

}  // namespace cli
