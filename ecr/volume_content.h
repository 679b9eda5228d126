#pragma once
// What a new volume begins with: as Docker has it, whatever the image has at its place.

#include <string>

#include "base/files.h"
#include "base/result.h"
#include "sandbox/plan.h"

namespace ecr {

struct NewVolume {
  base::Path folder;          ///< empty; there already
  std::string inside;         ///< where containers have it
  base::Path scratch;         ///< for a file on the way
  std::uint32_t id_slot = 0;  ///< of the containers' plan
};

/// Owners and modes included. Where the image has no such folder the volume stays as it is.
base::Result<void> fill_volume(const NewVolume& volume, const sandbox::ImageRoot& image);

}  // namespace ecr
