#pragma once
// Checking a store (fsck): every blob against its digest, the trees of unpacked layers against the layers,
// every name against what it needs.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "ecr/image_store.h"

namespace ecr {

struct StoreCheck {
  std::size_t blobs = 0;
  std::uint64_t bytes = 0;
  std::size_t trees = 0;  ///< whose layer is there
  std::size_t names = 0;
  std::vector<std::string> problems;  ///< a sentence each; empty when all is well
  std::vector<std::string> repairs;   ///< what was taken away, when asked to
};

enum class Repair {
  none,
  remove_damaged,  ///< damaged blobs and trees, and names whose images are not whole
};

/// Reads all blobs, and unpacks layers anew one at a time. A tree that is taken away is made again by who
/// asks for it next; what runs on it meanwhile sees its files go. Otherwise safe beside builds, pulls and
/// collectors.
base::Result<StoreCheck> check_store(ImageStore& store, Repair repair);

}  // namespace ecr
