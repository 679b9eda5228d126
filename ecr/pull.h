#pragma once
// Fetching an image from a registry into the store: index → platform → manifest → blobs, all digests
// verified.

#include <functional>
#include <string>

#include "base/result.h"
#include "ecr/image_store.h"
#include "ecr/registry.h"

namespace ecr {

struct PullOptions {
  RegistryOptions registry;
  Platform platform = host_platform();
  std::uint64_t max_image_bytes = 32ULL << 30;  ///< compressed, all layers
  /// One line for people per thing that happens.
  std::function<void(const std::string& line)> progress;
};

/// The image is in the store and named `reference` when this returns; what is there already is not fetched
/// again.
base::Result<Descriptor> pull(const ImageReference& reference, ImageStore& store, const PullOptions& options);

}  // namespace ecr
