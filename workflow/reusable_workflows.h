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

/// Inputs and secrets that a calling job gives, against what the called workflow wants (its `file`, when a
/// default of its own is wrong). Problems of the caller are in `caller`.
void check_call(const std::string& caller, const Job& job, const Workflow& called, Diagnostics& diagnostics);

}  // namespace workflow
