#pragma once
// What a workflow that fits the schema can still have wrong: needs that do not exist or go in circles, steps
// that wait for others that there are not, matrices without a combination, filters that exclude each other.

#include "workflow/diagnostic.h"
#include "workflow/workflow.h"

namespace workflow {

/// Whether there is an expression in it, at any depth.
bool is_computed(const Node& node);

/// All but the order of the jobs.
void check_workflow(const Workflow& workflow, Diagnostics& diagnostics);
/// Only of a workflow that has nothing else wrong (WorkflowTemplateConverter.ConvertToJobs).
void check_needs(const Workflow& workflow, Diagnostics& diagnostics);

/// The parts of check_workflow.
void check_job(const std::string& file, const Job& job, Diagnostics& diagnostics);
void check_strategy(const std::string& file, const Strategy& strategy, Diagnostics& diagnostics);
/// Of a job or a workflow.
void check_concurrency(const std::string& file, const Node& concurrency, Diagnostics& diagnostics);
void check_steps(const std::string& file, const std::vector<Step>& steps, Diagnostics& diagnostics);
void check_trigger(const std::string& file, const Trigger& trigger, Diagnostics& diagnostics);

}  // namespace workflow
