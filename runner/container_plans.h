#pragma once
// What the containers of a job would be, without images, folders or processes: for `--dry-run=sandbox`.

#include "base/json_fwd.h"
#include "base/result.h"
#include "runner/run_options.h"
#include "workflow/contexts.h"
#include "workflow/plan.h"

namespace runner {

/// `{job, container: {image, sandbox}, services: {id: {image, ports, sandbox}}}`; null for a job without any.
/// Names in capitals stand for folders that a run makes.
base::Result<base::Json> container_plans(const workflow::PlannedJob& job, workflow::Contexts contexts,
                                         const RunOptions& options);

}  // namespace runner
