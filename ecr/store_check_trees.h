#pragma once
// Checking the trees of unpacked layers: each against the layer that it came from.

#include "base/result.h"
#include "ecr/image_store.h"
#include "ecr/store_check.h"

namespace ecr {

/// Unpacks each layer of an image or of the builder once more, beside its tree, and compares the two. A tree
/// whose layer is not in the store any more has nothing to be compared with.
base::Result<void> check_trees(ImageStore& store, Repair repair, StoreCheck& check);

}  // namespace ecr
