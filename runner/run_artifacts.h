#pragma once
// The artifacts of a run in the store of a state folder, for those who only look. Not for how they come there
// (results_artifacts).

#include <cstdint>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/files.h"
#include "base/result.h"

namespace runner {

struct RunArtifact {
  std::string name;
  std::uint64_t size = 0;
  std::string sha256;
};
struct ArtifactContent {
  base::Fd file;
  std::uint64_t size = 0;
  std::string media_type;  ///< application/zip, or that of its single file
};

base::Result<std::vector<RunArtifact>> artifacts_of_run(const base::Path& state_folder, std::int64_t run_id);
/// not_found when the run has none of that name.
base::Result<ArtifactContent> open_artifact_of_run(const base::Path& state_folder, std::int64_t run_id,
                                                   const std::string& name);

}  // namespace runner
