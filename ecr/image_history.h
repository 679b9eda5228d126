#pragma once
// How an image came to be, step by step, with the layers that its steps made. Pure.

#include <optional>
#include <vector>

#include "ecr/image.h"

namespace ecr {

struct ImageStep {
  HistoryEntry entry;
  std::optional<Descriptor> layer;  ///< nothing: it changed the configuration alone
};

/// Newest first. Layers that no entry of the history speaks of have steps without a text.
std::vector<ImageStep> history_of(const Image& image);

}  // namespace ecr
