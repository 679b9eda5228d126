#pragma once
// An image as one flat tree: its layers applied one after the other, with the ids that the image has.
// Containers take the layers as they are (image_root.h).

#include <string>

#include "base/files.h"
#include "base/result.h"
#include "ecr/image_store.h"
#include "ecr/layer.h"

namespace ecr {

/// `into` is made when it is missing and must hold nothing. Every layer is compared with its diff_id. When it
/// fails, what was written stays for its caller to look at.
base::Result<void> unpack_image(const ImageStore& store, const std::string& name, const base::Path& into,
                                SpecialBits special_bits);

}  // namespace ecr
