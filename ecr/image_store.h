#pragma once
// The local image store: an OCI image layout (blobs by digest, names in index.json) and the unpacked trees of
// layers. Safe for several processes, and for one that is killed at any point. Knows no registry.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/crypto.h"
#include "base/fd.h"
#include "base/files.h"
#include "base/result.h"
#include "ecr/image.h"
#include "ecr/image_reference.h"

namespace ecr {

inline constexpr std::size_t kMaxManifestBytes = 4U << 20;

/// Who knows a new blob's digest: its writer computes it, or whoever writes has it from elsewhere, of the
/// same bytes, and names it at the end.
enum class BlobDigest { computed, given };

/// A blob on its way into the store. Gone without a trace unless committed.
class BlobWriter {
 public:
  BlobWriter(BlobWriter&&) noexcept = default;
  BlobWriter& operator=(BlobWriter&&) noexcept = delete;
  ~BlobWriter();
  base::Result<void> write(std::string_view bytes);
  [[nodiscard]] std::uint64_t size() const { return size_; }
  /// Under the digest of what was written, which this has computed.
  base::Result<Digest> commit();
  /// The same; an error, and nothing stored, when it is not `expected`. A digest that is given is believed.
  base::Result<void> commit(const Digest& expected);

 private:
  friend class ImageStore;
  BlobWriter(base::Fd fd, base::Path temporary, base::Path blobs);
  base::Result<void> store_as(const Digest& digest);
  base::Fd fd_;
  base::Path temporary_;
  base::Path blobs_;
  std::optional<base::Sha256> digest_;
  std::uint64_t size_ = 0;
};

struct NamedImage {
  std::string name;       ///< docker.io/library/debian:bookworm-slim
  Descriptor descriptor;  ///< of its manifest
};

struct GarbageOptions {
  std::chrono::seconds older_than = std::chrono::hours(24);  ///< what was used since then stays
  bool keep_cache = false;                                   ///< keep what the builder's records name
  bool drop_unnamed = false;                                 ///< images that no name is left of go, too
  bool only_look = false;
};

/// What was removed, or would be.
struct Garbage {
  std::uint64_t bytes = 0;  ///< of blobs
  std::size_t blobs = 0;
  std::size_t trees = 0;
  std::vector<Descriptor> images;  ///< without a name
};

class ImageStore {
 public:
  /// Makes the folder when it is missing and removes what killed processes left.
  static base::Result<ImageStore> open(const base::Path& folder);

  /// A blob that is asked for stays for as long as this store is open, whoever collects garbage.
  [[nodiscard]] bool has_blob(const Digest& digest) const;
  base::Result<Digest> put_blob(std::string_view bytes);
  base::Result<BlobWriter> start_blob(BlobDigest digest = BlobDigest::computed);
  /// not_found when it is not there.
  [[nodiscard]] base::Result<base::Fd> open_blob(const Digest& digest) const;
  /// The whole blob, its digest verified; for documents.
  [[nodiscard]] base::Result<std::string> read_blob(const Digest& digest,
                                                    std::size_t limit = kMaxManifestBytes) const;
  [[nodiscard]] base::Result<std::uint64_t> blob_size(const Digest& digest) const;
  [[nodiscard]] base::Path blob_path(const Digest& digest) const;

  /// Names are normalized by parse_image_reference. A name that is taken moves to the new image. An empty
  /// name keeps the image without one.
  base::Result<void> tag(const std::string& name, const Descriptor& manifest);
  /// By name, by the digest of a stored manifest, or by an image id (12 hex digits or more of the
  /// configuration's digest); not_found says what was looked for.
  [[nodiscard]] base::Result<Descriptor> resolve(const std::string& name) const;
  [[nodiscard]] base::Result<std::vector<NamedImage>> list() const;
  /// Takes the name away; not_found when it is not there. Blobs stay until collect_garbage().
  base::Result<void> remove(const std::string& name);
  /// Removes blobs and layer trees that no name reaches and that no process with the store open has asked
  /// for.
  base::Result<Garbage> collect_garbage(const GarbageOptions& options = {});

  /// Manifest and configuration of a stored image; `name` as resolve() takes it. Of an index, those for this
  /// machine.
  [[nodiscard]] base::Result<Image> image(const std::string& name) const;
  [[nodiscard]] base::Result<Image> image(const Descriptor& manifest) const;
  /// Stores config and manifest for layers that are already there; returns the manifest's descriptor.
  base::Result<Descriptor> put_image(const ImageConfig& config, const std::vector<Descriptor>& layers);

  /// The trees of all layers, topmost first, as an overlay's lower folders; unpacks what is not unpacked yet.
  /// Owners are shifted to the ids of sandbox slot 0 when the program is root.
  base::Result<std::vector<base::Path>> unpack(const Manifest& manifest);
  /// The tree of one layer; checks that the content has that diff_id.
  base::Result<base::Path> unpack_layer(const Descriptor& layer, const Digest& diff_id);
  [[nodiscard]] base::Path layer_path(const Digest& diff_id) const;
  /// Takes a finished tree (on the store's file system) as a layer's tree; if there is one already, `tree` is
  /// removed.
  base::Result<base::Path> adopt_layer(const base::Path& tree, const Digest& diff_id);

  /// Removes a layer's tree, whoever uses it: it is damaged.
  base::Result<void> discard_layer(const Digest& diff_id);

  /// A folder for work in progress on the store's file system.
  base::Result<base::TempDir> make_temp_dir(std::string_view prefix) const;
  /// Small records of the builder (layer cache, file digests), by key; nothing when absent.
  [[nodiscard]] std::optional<std::string> read_record(std::string_view kind, std::string_view key) const;
  base::Result<void> write_record(std::string_view kind, std::string_view key, std::string_view content);
  [[nodiscard]] const base::Path& folder() const { return folder_; }

 private:
  bool is_usable(const base::Path& tree) const;
  [[nodiscard]] bool keep_in_use(const base::Path& path, bool is_tree) const;
  base::Result<void> remove_blobs(const GarbageOptions& options, const std::set<std::string>& reached,
                                  std::int64_t untouched_since, Garbage& garbage);
  base::Result<void> remove_trees(const GarbageOptions& options, const std::set<std::string>& reached,
                                  std::int64_t untouched_since, Garbage& garbage);
  [[nodiscard]] base::Result<void> put_aside(const base::Path& tree) const;
  class Workroom;
  ImageStore(base::Path folder, std::shared_ptr<Workroom> workroom);
  base::Path folder_;
  std::shared_ptr<Workroom> workroom_;  ///< where this process keeps what is not finished
};

/// Trees, topmost first, each once: an overlay takes no folder twice, and a layer that comes again above
/// covers all of itself below. Instructions that change nothing all make the same layer.
std::vector<base::Path> without_repeats(std::vector<base::Path> trees);

/// Where the layers' trees are. Their owners are those that whoever unpacked them could give: root those of a
/// sandbox's ids, an ordinary user itself. So each user of a store has trees of its own.
std::string trees_folder();
/// What the names of all of them begin with.
inline constexpr const char* kTreesFolder = "layers";

}  // namespace ecr
