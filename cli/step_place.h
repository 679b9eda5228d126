#pragma once
// A step of an earlier attempt as people name it: a job by its key, a step by id, name or number.

#include <string>

#include "base/files.h"
#include "base/result.h"
#include "cli/command_line.h"
#include "runner/run_store.h"
#include "workflow/workflow.h"

namespace cli {

struct StepPlace {
  const workflow::Job* job = nullptr;
  std::string key;       ///< of the leg
  int step = 0;          ///< by number
  base::Path snapshots;  ///< of the leg
};

/// The job of that key, or when it is empty the one that failed. Jobs of called workflows are found, too.
base::Result<StepPlace> place_in_job(const workflow::Workflow& workflow, const CommonFlags& common,
                                     const runner::RunRecord& run, const std::string& key,
                                     runner::RunStore& store);
/// Its number in the job. The Error lists the steps.
base::Result<int> step_number(const workflow::Job& job, const std::string& step);
/// The number of the step that failed first in the last attempt; 0 when none did.
base::Result<int> failed_step(const CommonFlags& common, const runner::RunRecord& run,
                              const std::string& key);

}  // namespace cli
