#pragma once
// Layers seen as one tree, by an overlay that is mounted nowhere (sandbox/overlay.h).

#include <optional>
#include <vector>

#include "base/fd.h"
#include "base/files.h"
#include "base/result.h"

namespace ecr {

/// Where changes go; two empty folders of one file system.
struct OverlayUpper {
  base::Path upper;
  base::Path work;
};

/// The merged tree of `lower`, topmost first; read-only without an `upper`. No layer at all shows `upper`
/// itself.
base::Result<base::Fd> open_overlay(const std::vector<base::Path>& lower,
                                    const std::optional<OverlayUpper>& upper);

}  // namespace ecr
