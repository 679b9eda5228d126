#pragma once
// Checking the trees of unpacked layers: each against the layer that it came from.

#include "base/result.h"
#include "ecr/image_store.h"
#include "ecr/store_check.h"

namespace ecr {

/// Unpacks each layer of a named image once more, beside its tree, and compares the two. Trees of no named
/// image have nothing to be compared with.
base::Result<void> check_trees(ImageStore& store, const std::vector<NamedImage>& names, Repair repair,
                               StoreCheck& check);

}  // namespace ecr
