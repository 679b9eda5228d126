// A tree on disk as the blob of a layer.
#include "base/archive.h"
#include "ecr/layer.h"
#include "ecr/layer_blob.h"
#include "ecr/tree_writer.h"

namespace ecr {

using base::Path;
using base::Result;

Result<WrittenLayer> write_layer(const Path& tree, const LayerOptions& options, ImageStore& store) {
  TRY(auto blob, LayerBlob::start(store));
  TRY(auto root, base::open_directory(tree));
  base::TarWriter tar([&blob](std::string_view bytes) { return blob.write(bytes); });
  TRY(write_tree(std::move(root), {.layer = options}, tar));
  TRY(tar.finish());
  return blob.finish();
}

Result<WrittenLayer> write_empty_layer(ImageStore& store) {
  TRY(auto blob, LayerBlob::start(store));
  base::TarWriter tar([&blob](std::string_view bytes) { return blob.write(bytes); });
  TRY(tar.finish());
  return blob.finish();
}

}  // namespace ecr
