#pragma once
// The rules of artifacts over a BlobStore: of a run, immutable under their name until the run's next attempt,
// kept for some days. Not for
// how they are sent (runner/results_service) nor for the actions (steps/builtin/artifact_*).

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "steps/blob_store.h"
#include "steps/running_job.h"

namespace steps {

inline constexpr int kDefaultRetentionDays = 90;
inline constexpr std::string_view kZip = "application/zip";  ///< anything else is a single file

struct Artifact {
  StoredBlob blob;
  std::string name;
  std::string media_type;
  std::string job;         ///< the key of the job that made it
  std::string repository;  ///< of the run
};

struct NewArtifact {
  const ResultsAccess& access;
  std::string attempt;  ///< of the run, `github.run_attempt`
  std::string name;
  std::string media_type = std::string(kZip);
  double expires = 0;  ///< epoch seconds; 0 is after the default number of days
};

/// Checks a name as the toolkit does (path-and-artifact-name-validation.ts).
base::Result<void> check_artifact_name(const std::string& name);
/// The same for the path of a file in it.
base::Result<void> check_artifact_path(const std::string& path);

/// Takes the name; ErrorKind::denied with code kBlobExists when this attempt of the run has one of that name.
base::Result<BlobDraft> begin_artifact(const NewArtifact& artifact);
/// Oldest first; of one name only that of the latest attempt.
std::vector<Artifact> list_artifacts(const BlobStore& store, std::int64_t run_id);
std::optional<Artifact> find_artifact(const BlobStore& store, std::int64_t run_id, const std::string& name);
base::Result<base::Fd> open_artifact(const BlobStore& store, std::int64_t run_id, const Artifact& artifact);
/// With those of that name that earlier attempts left.
base::Result<void> remove_artifact(BlobStore& store, std::int64_t run_id, const Artifact& artifact);
/// Forgets all of a run.
base::Result<void> remove_artifacts_of_run(BlobStore& store, std::int64_t run_id);
/// The runs that have some, in no order.
std::vector<std::int64_t> runs_with_artifacts(const BlobStore& store);
/// Where the artifacts of a run are in the store.
std::string artifact_shelf(std::int64_t run_id);

}  // namespace steps
