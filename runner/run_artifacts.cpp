#include "runner/run_artifacts.h"

#include <fmt/format.h>

#include "steps/artifacts.h"

namespace runner {

base::Result<std::vector<RunArtifact>> artifacts_of_run(const base::Path& state_folder, std::int64_t run_id) {
  std::vector<RunArtifact> artifacts;
  TRY(const auto store, steps::BlobStore::open(state_folder / "results"));
  for (const auto& one : steps::list_artifacts(*store, run_id))
    artifacts.push_back({one.name, static_cast<std::uint64_t>(one.blob.size), one.blob.sha256});
  return artifacts;
}

base::Result<ArtifactContent> open_artifact_of_run(const base::Path& state_folder, std::int64_t run_id,
                                                   const std::string& name) {
  TRY(const auto store, steps::BlobStore::open(state_folder / "results"));
  const auto artifact = steps::find_artifact(*store, run_id, name);
  if (!artifact)
    return base::make_error(base::ErrorKind::not_found, fmt::format("the run has no artifact '{}'", name));
  TRY(auto file, steps::open_artifact(*store, run_id, *artifact));
  return ArtifactContent{std::move(file), static_cast<std::uint64_t>(artifact->blob.size),
                         artifact->media_type};
}

}  // namespace runner
