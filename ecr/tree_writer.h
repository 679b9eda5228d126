#pragma once
// A tree on disk as the entries of a tar, in an order that is the same on every disk. Nothing is opened
// through a link.

#include <functional>
#include <string>

#include "base/archive.h"
#include "base/fd.h"
#include "base/result.h"
#include "ecr/layer.h"
#include "ecr/tree_unpacker.h"

namespace ecr {

struct TreeWriting {
  LayerOptions layer;
  TreeNames names = TreeNames::of_layers;
  std::string only;  ///< one name of the root; empty: what lies in the root
  /// Asked about each folder before what lies in it is read: else that is left out.
  std::function<bool(int folder)> may_read;
};

/// Without the end mark.
base::Result<void> write_tree(base::Fd root, const TreeWriting& how, base::TarWriter& tar);

}  // namespace ecr
