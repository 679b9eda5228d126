#pragma once
// Sending a stored image to a registry: what to send as data (PushPlan), then one loop that sends it. Blobs
// first, each asked for by HEAD, the manifest last.

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "ecr/image_store.h"
#include "ecr/registry.h"

namespace ecr {

struct PushPlan {
  ImageReference target;
  std::vector<Descriptor> blobs;        ///< each once, layers bottom first, config last
  std::vector<std::string> mount_from;  ///< repositories of the same registry that may hold them already
  Descriptor manifest;
  std::string manifest_bytes;
  bool operator==(const PushPlan&) const = default;
};

/// Reads the store only. `source` is a name of the store; `target` says where it goes: to a tag, or without
/// one by the digest that the image has.
base::Result<PushPlan> plan_push(const ImageStore& store, const std::string& source,
                                 const ImageReference& target);
/// For people and `--dry-run`.
base::Json to_json(const PushPlan& plan);

struct PushProgress {
  enum class What { exists, mounted, uploading, uploaded, manifest };
  What what = What::exists;
  Descriptor descriptor;
};

struct PushOutcome {
  Digest digest;  ///< of the manifest, as the registry has it now
  int blobs_uploaded = 0;
  int blobs_present = 0;
  std::uint64_t bytes_uploaded = 0;
};

/// `progress` may be called from several threads, never at the same time.
base::Result<PushOutcome> push(const PushPlan& plan, const ImageStore& store, const RegistryOptions& options,
                               const std::function<void(const PushProgress&)>& progress = {});

}  // namespace ecr
