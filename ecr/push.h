#pragma once
// Sending a stored image to a registry: what to send as data (PushPlan), then one loop that sends it. Blobs
// first, several at a time, each asked for by HEAD; manifests last. Layers that the store has as plain tars
// are compressed on their way.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "ecr/block_codec.h"
#include "ecr/image_store.h"
#include "ecr/registry.h"

namespace ecr {

struct PlannedManifest {
  Descriptor descriptor;
  std::string bytes;
  bool operator==(const PlannedManifest&) const = default;
};

struct PushPlan {
  ImageReference target;
  std::vector<Descriptor> blobs;           ///< each once, layers bottom first, config last
  std::vector<std::string> mount_from;     ///< repositories of the same registry that may hold them already
  std::vector<PlannedManifest> manifests;  ///< of an index: those it names, sent by digest
  Descriptor manifest;
  std::string manifest_bytes;
  /// How plain layers are compressed; absent sends them as they are, so that the digest stays.
  std::optional<BlockCodec> pack_with = gzip_codecs().front();
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
/// May be called from several threads, never at the same time.
using TellPush = std::function<void(const PushProgress&)>;

struct PushOutcome {
  Digest digest;        ///< of the manifest, as the registry has it now
  Descriptor manifest;  ///< the same; another one than planned when layers were compressed
  int blobs_uploaded = 0;
  int blobs_present = 0;
  std::uint64_t bytes_uploaded = 0;
};

/// When layers were compressed, names of the image in the store move to what was pushed.
base::Result<PushOutcome> push(const PushPlan& plan, ImageStore& store, const RegistryOptions& options,
                               const TellPush& progress = {});

/// A push that begins before the image is whole: layers go out while later ones are made.
class BlobSender {
 public:
  BlobSender(ImageStore& store, ImageReference target, const RegistryOptions& options,
             TellPush progress = {});
  /// Blobs that are on their way are given up.
  ~BlobSender();
  BlobSender(BlobSender&&) = delete;

  /// For the manifests that follow: with the same token.
  RegistryClient& client();
  /// Queues a blob of the store; each digest once.
  void send(const Descriptor& blob, std::optional<BlockCodec> pack_with = std::nullopt);
  /// Repositories of the same registry to mount from, beside those that are known.
  void mount_from(std::vector<std::string> repositories);
  /// Waits for all that was queued. What plain layers became is by their digest.
  struct Sent {
    PushOutcome counts;
    std::map<Digest, Descriptor> packed;
  };
  base::Result<Sent> finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The same through a sender that may have blobs of the image on their way, and that has sent its last one
/// then.
base::Result<PushOutcome> push(const PushPlan& plan, ImageStore& store, BlobSender& sender,
                               const TellPush& progress = {});

}  // namespace ecr
