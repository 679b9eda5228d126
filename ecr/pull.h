#pragma once
// Fetching an image from a registry into the store: index → platform → manifest → blobs, several at a time,
// all digests verified. Mirrors are asked before the registry itself.

#include <functional>
#include <string>

#include "base/result.h"
#include "ecr/image_store.h"
#include "ecr/registry.h"

namespace ecr {

enum class Platforms {
  one,
  all,  ///< the whole index, with all that it names
};
enum class Unpacking {
  when_needed,
  at_once,  ///< each layer as soon as it is there
};

/// What to make of an image that is for one platform only, and not for the one that is wanted.
enum class OtherPlatform { refused, taken };

struct PullOptions {
  RegistryOptions registry;
  Platform platform = host_platform();
  Platforms platforms = Platforms::one;
  OtherPlatform other_platform = OtherPlatform::refused;
  Unpacking unpacking = Unpacking::when_needed;
  std::uint64_t max_image_bytes = 32ULL << 30;  ///< compressed, all layers
  /// One line for people per thing that happens; from several threads, never at the same time.
  std::function<void(const std::string& line)> progress;
};

/// The image is in the store and named `reference` when this returns; what is there already is not fetched
/// again.
base::Result<Descriptor> pull(const ImageReference& reference, ImageStore& store, const PullOptions& options);

}  // namespace ecr
