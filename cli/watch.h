#pragma once
// `pipeline run --watch`: after the first run, a change of files runs again what it affects, until Ctrl-C.
// Not for how files are watched (watch_files) nor for what a change affects (watch_selection).

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "workflow/event.h"
#include "workflow/workflow.h"

namespace cli {

struct WatchedRuns {
  base::Path repository;
  base::Path state_folder;              ///< what the runs write there is no change
  std::vector<std::string> no_builtin;  ///< built-ins that the runs fetch instead
  std::stop_token stop;
  /// Loads the workflows anew; those that cannot be read are missing, with their problems on stderr.
  std::function<base::Result<std::vector<workflow::Workflow>>()> load;
  /// The event as it is now.
  std::function<base::Result<workflow::Event>()> event;
  /// Runs one workflow with that event; its exit code.
  std::function<base::Result<int>(const workflow::Workflow&, const workflow::Event&)> run;
};

/// Returns the exit code of the last run, or the one for an interruption when nothing ran since the start.
base::Result<int> watch_and_run(std::vector<workflow::Workflow> workflows, const WatchedRuns& runs,
                                int first_code);

}  // namespace cli
