#pragma once
// Which jobs of a workflow a change of files affects, for `pipeline run --watch`. Pure. Not for whether the
// workflow wants the event at all: its path filters say that (workflow::matches).

#include <string>
#include <vector>

#include "workflow/workflow.h"

namespace cli {

struct AffectedJobs {
  std::vector<std::string> jobs;  ///< in the file's order, those that need an affected one among them
  std::string reason;             ///< for people
};

/// `before` is the workflow as it was at the last run. `changed` are paths relative to the repository;
/// `file` is the workflow's own.
AffectedJobs affected_jobs(const workflow::Workflow& now, const workflow::Workflow& before,
                           const std::string& file, const std::vector<std::string>& changed);

/// The workflow with these jobs and those that they need.
workflow::Workflow keep_jobs(const workflow::Workflow& workflow, const std::vector<std::string>& jobs);

}  // namespace cli
