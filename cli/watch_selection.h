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

struct WorkflowChange {
  const workflow::Workflow& now;
  const workflow::Workflow& before;         ///< as it was at the last run
  const std::string& file;                  ///< the workflow's own
  const std::vector<std::string>& changed;  ///< paths relative to the repository
  const std::vector<std::string>&
      no_builtin;  ///< actions that are fetched: of what they look at nobody knows
};
AffectedJobs affected_jobs(const WorkflowChange& change);

/// The workflow with these jobs and those that they need.
workflow::Workflow keep_jobs(const workflow::Workflow& workflow, const std::vector<std::string>& jobs);

}  // namespace cli
