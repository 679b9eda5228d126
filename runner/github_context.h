#pragma once
// The contexts that come from outside the jobs: github, runner.

#include "runner/run_options.h"
#include "runner/run_store.h"
#include "workflow/expression/value.h"
#include "workflow/workflow.h"

namespace runner {

/// What the `github` context holds for all jobs of a run (docs "github context").
workflow::expression::Value github_context(const RunOptions& options, const workflow::Workflow& workflow,
                                           const RunRecord& run);
/// What the `runner` context holds in a job.
workflow::expression::Value runner_context(const steps::JobFolders& folders);
/// The claims of GitHub's OIDC token for a job, but the times and the issuer (docs "OpenID Connect
/// reference").
base::Json oidc_claims(const workflow::expression::Value& github, const std::string& environment);

}  // namespace runner
