#pragma once
// Where a layer's tar goes on its way into the store: hashed plain, compressed and hashed again on a second
// thread, stored. What the tar holds is layer.h's business.

#include <memory>
#include <string_view>

#include "base/result.h"
#include "ecr/image_store.h"
#include "ecr/layer.h"

namespace ecr {

class LayerBlob {
 public:
  static base::Result<LayerBlob> start(ImageStore& store);
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
