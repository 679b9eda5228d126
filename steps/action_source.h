#pragma once
// Where an action that is not built in comes from: a folder of the job's workspace (`./path`) or another
// repository (`owner/repo[/path]@ref`), and its action.yml. Not for when it is fetched (prepare_actions) nor
// for getting repositories (runner/action_store).

#include <string>

#include "base/result.h"
#include "steps/builtin_actions.h"
#include "steps/running_job.h"
#include "workflow/action_metadata.h"
#include "workflow/repository_reference.h"

namespace steps {

struct LoadedAction {
  workflow::ActionMetadata metadata;
  std::string folder;      ///< as the steps see it
  std::string repository;  ///< owner/repo, empty for a local one
  std::string ref;
  [[nodiscard]] bool is_remote() const { return !repository.empty(); }
};

/// A repository whose files the job has: those that the runner keeps, and the copy that its steps see.
struct JobRepository {
  ActionRepository source;
  std::string inside;
};

/// The action in a folder of the workspace. An Error says why there is none: not found, or an invalid
/// action.yml.
base::Result<LoadedAction> load_local_action(const std::string& uses, RunningJob& job);
/// The action at `reference.path` of a repository that the job has.
base::Result<LoadedAction> load_repository_action(const workflow::RepositoryReference& reference,
                                                  const JobRepository& repository);

/// Copies a repository to where the job's steps find it: `_actions/owner/repo/ref`.
base::Result<JobRepository> give_repository_to_job(const workflow::RepositoryReference& reference,
                                                   ActionRepository source, const RunningJob& job);

/// The built-in for a `uses` of this job; nothing when there is none, or when the user replaced it.
BuiltinAction builtin_of_job(const std::string& uses, const RunningJob& job);

bool is_local_action(std::string_view uses);

}  // namespace steps
