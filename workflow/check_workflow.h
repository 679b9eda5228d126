#pragma once
// What a workflow that fits the schema can still have wrong: needs that do not exist or go in circles, jobs
// without steps, filters that exclude each other.

#include "workflow/diagnostic.h"
#include "workflow/workflow.h"

namespace workflow {

void check_workflow(const Workflow& workflow, Diagnostics& diagnostics);

}  // namespace workflow
