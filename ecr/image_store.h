#pragma once
// Images on this machine: an OCI image layout whose blobs are verified when they are written, names for manifests,
// and the trees of unpacked layers. Safe for several processes at once and for kill -9: everything appears whole, by
// a rename.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/crypto.h"
#include "base/files.h"
#include "base/result.h"
#include "ecr/image.h"

namespace ecr {

/// A blob that is being written; it exists in the store once commit() went through.
class BlobWriter {
 public:
  BlobWriter(BlobWriter&&) noexcept = default;
  ~BlobWriter();
  base::Result<void> write(std::string_view bytes);
  /// Fails when `expected` is given and is not what was written.
  base::Result<Descriptor> commit(const std::string& media_type, const std::optional<Digest>& expected = std::nullopt);
  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  friend class ImageStore;
  BlobWriter(base::Fd fd, base::Path temporary, base::Path blobs) : fd_(std::move(fd)), temporary_(std::move(temporary)), blobs_(std::move(blobs)) {}
  base::Fd fd_;
  base::Path temporary_;
  base::Path blobs_;
  base::Sha256 digest_;
  std::uint64_t size_ = 0;
};

class ImageStore {
 public:
  /// Makes the folder when missing.
  static base::Result<ImageStore> open(const base::Path& folder);

  [[nodiscard]] const base::Path& folder() const { return folder_; }
  [[nodiscard]] bool has_blob(const Digest& digest) const;
  [[nodiscard]] base::Path blob_path(const Digest& digest) const;
  base::Result<Descriptor> put_blob(const std::string& media_type, std::string_view content);
  base::Result<BlobWriter> write_blob();
  base::Result<base::Fd> open_blob(const Digest& digest) const;
  /// A small blob as text: manifests and configurations, at most 4 MiB; its digest is verified.
  base::Result<std::string> read_blob(const Digest& digest) const;
  base::Result<void> remove_blob(const Digest& digest);

  /// Names are any text: references, `repository:tag`. A name is moved when it exists.
  base::Result<void> tag(const std::string& name, const Descriptor& manifest);
  base::Result<void> untag(const std::string& name);
  [[nodiscard]] base::Result<std::optional<Descriptor>> find(const std::string& name) const;
  [[nodiscard]] base::Result<std::map<std::string, Descriptor>> names() const;

  base::Result<Manifest> manifest(const Digest& digest) const;
  base::Result<ImageConfig> config(const Manifest& manifest) const;
  /// Trees of the image's layers, topmost first as sandbox::ImageRoot wants them; unpacked once and shared.
  base::Result<std::vector<std::string>> unpack(const Manifest& manifest);
  /// Where the tree of a layer is, or would be.
  [[nodiscard]] base::Path layer_tree(const Digest& diff_id) const;

  /// Small notes that outlive processes: the build cache. A missing note is nothing.
  [[nodiscard]] std::optional<std::string> read_note(const std::string& kind, const std::string& key) const;
  base::Result<void> write_note(const std::string& kind, const std::string& key, std::string_view content);

  /// A new folder of the store's file system, for overlays' uppers and temporary trees.
  base::Result<base::TempDir> make_work_folder();

 private:
  explicit ImageStore(base::Path folder) : folder_(std::move(folder)) {}
  base::Result<void> change_index(const std::function<void(base::Json&)>& change);
  base::Result<base::Json> read_index() const;
  base::Result<void> unpack_layer(const Descriptor& layer, const Digest& diff_id);
  base::Path folder_;
};

}  // namespace ecr
