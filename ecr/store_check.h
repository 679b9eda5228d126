#pragma once
// Checking a store (fsck): every blob against its digest, every name against what it needs. Trees of layers
// are taken as they are: they were compared with their diff_id when they were made.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "ecr/image_store.h"

namespace ecr {

struct StoreCheck {
  std::size_t blobs = 0;
  std::uint64_t bytes = 0;
  std::size_t names = 0;
  std::vector<std::string> problems;  ///< a sentence each; empty when all is well
  std::vector<std::string> repairs;   ///< what was taken away, when asked to
};

enum class Repair {
  none,
  remove_damaged,  ///< damaged blobs, and names whose images are not whole
};

/// Reads all blobs. Safe beside builds, pulls and collectors.
base::Result<StoreCheck> check_store(ImageStore& store, Repair repair);

}  // namespace ecr
