#pragma once
// Removes runs that are too old or too many: their folders, their artifacts, and what the history knows of
// them. Runs that live are not touched. Not for images (ecr::ImageStore::collect_garbage).

#include <cstdint>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "runner/run_store.h"
#include "steps/blob_store.h"

namespace runner {

struct GarbageOptions {
  double older_than = 0;  ///< epoch seconds: what began before
  std::size_t most_runs = 0;
  bool only_look = false;
  steps::BlobStore* results = nullptr;  ///< where artifacts are; absent where nothing is kept
};

struct Garbage {
  struct Run {
    std::int64_t id = 0;
    std::uint64_t bytes = 0;
  };
  std::vector<Run> runs;  ///< removed, or to be removed
  std::uint64_t bytes = 0;
  std::size_t running = 0;  ///< would have gone, too, but live
  std::size_t actions = 0;  ///< repositories of actions, by commit; none while a run lives that may use them
  std::uint64_t action_bytes = 0;
  std::size_t artifacts = 0;  ///< of runs that go, or went before; without a store none
  std::uint64_t artifact_bytes = 0;
};

base::Result<Garbage> collect_garbage(const base::Path& state_folder, RunStore& store,
                                      const GarbageOptions& options);

}  // namespace runner
