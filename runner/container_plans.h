#pragma once
// What the containers of a job would be, without images, folders or processes: for `--dry-run=sandbox`.

#include "base/json_fwd.h"
#include "base/result.h"
#include "runner/run_options.h"
#include "steps/running_job.h"
#include "workflow/contexts.h"
#include "workflow/plan.h"

namespace runner {

/// A job's folders with names in capitals for those that a run makes.
steps::JobFolders named_folders(const std::string& repository, steps::JobRoot root);

/// `{job, container: {image, sandbox}, services: {id: {image, ports, sandbox}}}`; null for a job without any.
base::Result<base::Json> container_plans(const workflow::PlannedJob& job, workflow::Contexts contexts,
                                         const RunOptions& options);

}  // namespace runner
