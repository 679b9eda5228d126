#pragma once
// The entries of a tar as a tree on disk. The tar may be hostile: every name is opened below the root without
// following a link, so nothing outside can be written, linked to or removed.

#include <functional>

#include "base/archive.h"
#include "base/fd.h"
#include "base/result.h"
#include "ecr/layer.h"

namespace ecr {

/// What names like `.wh.x` are, and what may take whose place: in a layer, anything.
enum class TreeNames { of_layers, plain };

struct TreeUnpacking {
  UnpackOptions layer;
  TreeNames names = TreeNames::of_layers;
  /// Sees each entry before it is looked at.
  std::function<void(base::ArchiveEntry& entry)> adapt;
  /// Asked about each folder before anything is made in it.
  std::function<base::Result<void>(int folder)> may_write;
};

base::Result<void> unpack_tree(base::TarReader& tar, base::Fd root, const TreeUnpacking& how);

}  // namespace ecr
