#pragma once
// The verbs of `pipeline image` that look after the store: fsck, prune, unpack.

#include "base/result.h"
#include "cli/command_line.h"
#include "ecr/image_store.h"

namespace cli {

/// An error when the store is not right and was not repaired.
base::Result<void> check_images(ecr::ImageStore& store, const ImageFlags& flags);
base::Result<void> prune_images(ecr::ImageStore& store, const ImageFlags& flags);
/// The image's files as one tree in a folder that holds nothing yet.
base::Result<void> unpack_image(const ecr::ImageStore& store, const ImageFlags& flags);

}  // namespace cli
