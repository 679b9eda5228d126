#pragma once
// What the local image store has under the name of an image that is about to be deployed. Not for getting it.

#include <string>

#include "ecr/image_store.h"

namespace steps {

/// The digest of its manifest; "" when the store is absent or has none of that name.
std::string built_digest(const ecr::ImageStore* store, const std::string& reference);

}  // namespace steps
