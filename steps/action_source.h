#pragma once
// Where an action that is not built in comes from: a folder of the job's workspace (`./path`) or a fetched
// repository (`owner/repo@ref`), and its action.yml.

#include <string>

#include "base/result.h"
#include "steps/running_job.h"
#include "workflow/action_metadata.h"

namespace steps {

struct LoadedAction {
  workflow::ActionMetadata metadata;
  std::string folder;      ///< as the steps see it
  std::string repository;  ///< owner/repo, empty for a local one
  std::string ref;
  [[nodiscard]] bool is_remote() const { return !repository.empty(); }
};

/// An Error says why there is none: not found, an invalid action.yml, a kind that cannot run here.
base::Result<LoadedAction> load_action_source(const std::string& uses, RunningJob& job);

}  // namespace steps
