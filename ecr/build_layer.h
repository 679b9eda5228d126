#pragma once
// One layer in the making: an empty folder over the layers so far, which becomes a blob and a tree of the
// store; and the record that lets the next build take it without making it.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "ecr/image_store.h"
#include "ecr/layer.h"
#include "ecr/overlay_view.h"

namespace ecr {

/// The file system of a stage at some point.
struct LayerStack {
  std::vector<Descriptor> layers;  ///< bottom first
  std::vector<Digest> diff_ids;    ///< of each
  std::string created;             ///< when the newest one was made, RFC 3339

  void add(const WrittenLayer& layer, std::string made);
  /// Of all content, as the image specification's ChainID; empty for none.
  [[nodiscard]] std::string chain_id() const;
};

/// Trees, topmost first; unpacks what is not unpacked yet.
base::Result<std::vector<base::Path>> trees_of(const LayerStack& stack, ImageStore& store);

class LayerInTheMaking {
 public:
  static base::Result<LayerInTheMaking> start(ImageStore& store);
  [[nodiscard]] const OverlayUpper& folders() const { return folders_; }
  base::Result<WrittenLayer> finish(ImageStore& store, std::optional<std::int64_t> latest_time);

 private:
  LayerInTheMaking(base::TempDir room, OverlayUpper folders)
      : room_(std::move(room)), folders_(std::move(folders)) {}
  base::TempDir room_;
  OverlayUpper folders_;
};

/// A cache key of parts that cannot run into each other.
std::string layer_key(const std::vector<std::string>& parts);

/// What was built for a key, if all of it is still there.
struct CachedLayer {
  WrittenLayer layer;
  std::string created;
};
std::optional<CachedLayer> find_cached_layer(const ImageStore& store, const std::string& key);
/// All that were remembered, by diff_id (hex).
std::map<std::string, Descriptor> cached_layers(const ImageStore& store);
base::Result<void> remember_layer(ImageStore& store, const std::string& key, const CachedLayer& cached);

}  // namespace ecr
