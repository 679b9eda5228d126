#include "runner/run_artifacts.h"

#include "steps/artifacts.h"

namespace runner {

base::Result<std::vector<RunArtifact>> artifacts_of_run(const base::Path& state_folder, std::int64_t run_id) {
  std::vector<RunArtifact> artifacts;
  TRY(const auto store, steps::BlobStore::open(state_folder / "results"));
  for (const auto& one : steps::list_artifacts(*store, run_id))
    artifacts.push_back({one.name, static_cast<std::uint64_t>(one.blob.size), one.blob.sha256});
  return artifacts;
}

}  // namespace runner
