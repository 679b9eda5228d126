#pragma once
// The contexts that come from outside the jobs: github, runner.

#include "runner/run_options.h"
#include "runner/run_store.h"
#include "workflow/expression/value.h"
#include "workflow/workflow.h"

namespace runner {

/// Where the workflow of a job comes from: `job.workflow_*`, and the job_workflow claims of its tokens.
struct WorkflowOrigin {
  std::string ref;  ///< owner/repository/path@ref
  std::string sha;
  std::string repository;
  std::string file_path;
};
/// Of the run's own workflow, or of one that is called from it: then `github` tells only what is the same.
WorkflowOrigin origin_of(const workflow::Workflow& workflow, const workflow::Workflow& of_the_run,
                         const workflow::expression::Value& github);

/// What the `github` context holds for all jobs of a run (docs "github context").
workflow::expression::Value github_context(const RunOptions& options, const workflow::Workflow& workflow,
                                           const RunRecord& run);
/// What the `runner` context holds in a job.
workflow::expression::Value runner_context(const steps::JobFolders& folders);
/// The claims of GitHub's OIDC token for a job, but the times and the issuer (docs "OpenID Connect
/// reference").
base::Json oidc_claims(const workflow::expression::Value& github, const std::string& environment,
                       const WorkflowOrigin& origin);

}  // namespace runner
