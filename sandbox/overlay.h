#pragma once
// Folders seen as one tree, by an overlay that is mounted nowhere: its descriptor is the only way in, and it
// is gone when that is closed, however this program ends.

#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace sandbox {

struct OverlayFolders {
  std::vector<std::string> lower;  ///< topmost first
  std::string upper;               ///< empty is read-only
  std::string work;
};

/// As root in a mount namespace of one thread; else in a user namespace with the caller's id alone, made by a
/// process that is gone afterwards.
base::Result<base::Fd> open_overlay_nowhere(const OverlayFolders& folders);

}  // namespace sandbox
