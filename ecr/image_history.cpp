#include "ecr/image_history.h"

#include <algorithm>

namespace ecr {

std::vector<ImageStep> history_of(const Image& image) {
  std::vector<ImageStep> steps;
  auto layer = image.manifest.layers.begin();
  const auto end = image.manifest.layers.end();
  for (const auto& entry : image.config.history) {
    ImageStep step{.entry = entry, .layer = std::nullopt};
    if (!entry.empty_layer && layer != end) step.layer = *layer++;
    steps.push_back(std::move(step));
  }
  for (; layer != end; ++layer) steps.push_back({.entry = {}, .layer = *layer});
  std::reverse(steps.begin(), steps.end());
  return steps;
}

}  // namespace ecr
