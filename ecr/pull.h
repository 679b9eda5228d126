#pragma once
// Pulling an image into the store: every digest verified while it comes, this machine's platform out of an index.

#include <functional>
#include <string>

#include "base/result.h"
#include "ecr/image_reference.h"
#include "ecr/image_store.h"
#include "ecr/registry.h"

namespace ecr {

/// The manifest in the store, tagged with the reference's name.
base::Result<Descriptor> pull(const ImageReference& reference, ImageStore& store, const RegistryOptions& options,
                              const std::function<void(std::string_view line)>& progress);

/// The image as the store has it, else pulled.
base::Result<Descriptor> find_or_pull(const ImageReference& reference, ImageStore& store, const RegistryOptions& options,
                                      const std::function<void(std::string_view line)>& progress);

}  // namespace ecr
