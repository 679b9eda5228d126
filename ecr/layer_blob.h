#pragma once
// Where a layer's tar goes on its way into the store: hashed plain, compressed by all processors, hashed
// again, stored. What the tar holds is layer.h's business.

#include <memory>
#include <string_view>

#include "base/result.h"
#include "ecr/block_codec.h"
#include "ecr/image_store.h"
#include "ecr/layer.h"

namespace ecr {

class LayerBlob {
 public:
  static base::Result<LayerBlob> start(ImageStore& store, BlockCodec codec = gzip_codecs().front());
  LayerBlob(LayerBlob&&) noexcept;
  ~LayerBlob();
  /// Bytes of the tar.
  base::Result<void> write(std::string_view bytes);
  base::Result<WrittenLayer> finish();

 private:
  struct State;
  explicit LayerBlob(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ecr
