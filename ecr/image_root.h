#pragma once
// The root of a container: an image's layers with a folder on top that takes what the container changes. What
// runs in it is a sandbox with that root (sandbox/plan.h).

#include <cstdint>

#include "base/result.h"
#include "ecr/image_store.h"
#include "sandbox/plan.h"

namespace ecr {

/// Unpacks what is not unpacked yet and makes the folders on top in `folder`, which is the caller's to remove
/// (on a real disk: an overlay's upper folder cannot lie on every file system). `id_slot` is the plan's.
base::Result<sandbox::ImageRoot> make_image_root(ImageStore& store, const Manifest& manifest,
                                                 const base::Path& folder, std::uint32_t id_slot);

/// The layers of a root, topmost first, for find_user().
std::vector<base::Path> layers_of(const sandbox::ImageRoot& root);

}  // namespace ecr
