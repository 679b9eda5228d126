#pragma once
// The workflows that a workflow's jobs call, and those that these call: found, read, and held against what
// the caller gives them (ReusableWorkflowsLoader of actions/runner). Not for running them.

#include <string>
#include <string_view>

#include "workflow/load_workflow.h"

namespace workflow {

/// Reads every workflow that is called into Job::called, when the options can read any. Problems and the
/// files that were read are added to `loaded`; it stops at the first file with a problem.
void load_called_workflows(Workflow& workflow, const LoadOptions& options, SchemaReading& reading,
                           LoadedWorkflow& loaded);

/// What `uses` of a workflow means: `./path` and `$/path` are of the caller's repository and ref.
std::string resolve_call(std::string_view uses, std::string_view caller);

/// What is wrong with the path of a workflow in `uses`, or "": GitHub takes those that stand in the folder of
/// workflows. Gitea and Forgejo have folders of their own.
std::string problem_of_call(std::string_view uses);

/// Inputs and secrets that a calling job gives, against what the called workflow wants (its `file`, when a
/// default of its own is wrong). Problems of the caller are in `caller`.
void check_call(const std::string& caller, const Job& job, const Workflow& called, Diagnostics& diagnostics);

/// Gives a called workflow's jobs the permissions and the cache mode of the job that calls it, and says where
/// they ask for more.
void hand_down(const std::string& caller, Job& job, Workflow& called, PermissionsPolicy policy,
               Diagnostics& diagnostics);

}  // namespace workflow
