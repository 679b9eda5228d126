#pragma once
// Finding and loading workflow files of a repository.

#include <string>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "workflow/load_workflow.h"

namespace runner {
class ActionStore;
}

namespace cli {

/// Paths of all .yml and .yaml files in .github/workflows below `root`, sorted, relative to the current
/// folder's view.
base::Result<std::vector<std::string>> list_workflow_files(const std::string& root);

/// Where the workflows that a workflow calls are read from.
struct CalledWorkflows {
  base::Path repository = ".";            ///< those of `./` and `$/`
  runner::ActionStore* others = nullptr;  ///< those of other repositories; absent: they are refused
};

/// The text of a workflow that one calls, which is `caller` in its repository.
base::Result<std::string> read_called_workflow(const std::string& reference, const std::string& caller,
                                               const CalledWorkflows& called);

/// Reads and loads it with the workflows that it calls; a file that cannot be read is an Error, one that is
/// wrong has diagnostics.
base::Result<workflow::LoadedWorkflow> load_workflow_file(const std::string& path,
                                                          const CalledWorkflows& called = {});

/// Each problem as file:line:col on stderr.
void print_diagnostics(const workflow::Diagnostics& diagnostics);

}  // namespace cli
