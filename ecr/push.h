#pragma once
// Pushing an image: what is to be sent as a plan, then one blob after the other, the manifest last.

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "ecr/image_reference.h"
#include "ecr/image_store.h"
#include "ecr/registry.h"

namespace ecr {

struct PushPlan {
  ImageReference reference;
  Descriptor manifest;
  std::vector<Descriptor> blobs;  ///< layers and config, each once
  bool operator==(const PushPlan&) const = default;
};

struct PushedImage {
  ImageReference reference;
  Descriptor manifest;
  std::uint64_t image_size = 0;     ///< of all blobs
  std::uint64_t bytes_sent = 0;
  int blobs_sent = 0;
  int blobs_existing = 0;
};

base::Result<PushPlan> make_push_plan(const ImageReference& reference, const Descriptor& manifest, const ImageStore& store);

/// `progress` hears one line a blob, as docker prints them. A tag that already names this very manifest is a success
/// even where tags are immutable.
base::Result<PushedImage> push(const PushPlan& plan, const ImageStore& store, const RegistryOptions& options,
                               const std::function<void(std::string_view line)>& progress);

}  // namespace ecr
