#pragma once
// Layers: a folder tree or an overlay's upper folder as a compressed tar (one pass: diff_id, digest, size),
// and such a tar as a tree again. Hostile tars are contained: nothing is written, linked or removed outside.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "ecr/image.h"

namespace ecr {

class ImageStore;

struct WrittenLayer {
  Descriptor descriptor;  ///< of the gzip blob in the store
  Digest diff_id;
  std::uint64_t uncompressed_size = 0;
};

struct LayerOptions {
  std::uint32_t first_host_id = 0;          ///< owner on disk minus this is the owner in the layer
  std::optional<std::int64_t> latest_time;  ///< later mtimes become this one
};

/// A folder's content as a layer blob. Entries are sorted; char devices 0:0 become whiteouts and opaque
/// folders get their mark (image-spec layer.md#whiteouts); sockets and other devices are left out.
base::Result<WrittenLayer> write_layer(const base::Path& tree, const LayerOptions& options,
                                       ImageStore& store);
/// A layer without entries.
base::Result<WrittenLayer> write_empty_layer(ImageStore& store);

struct UnpackLimits {
  std::uint64_t bytes = 64ULL << 30;  ///< uncompressed
  std::uint64_t entries = 10'000'000;
  std::uint64_t ratio = 250;              ///< of uncompressed to compressed bytes …
  std::uint64_t ratio_from = 1ULL << 30;  ///< … once there are more than these
};

enum class WhiteoutForm {
  overlay,  ///< char devices 0:0 and opaque marks, for a lower folder
  apply,    ///< what they name is removed, for one flat tree
};

enum class SpecialBits {
  keep,
  drop,  ///< set-user-id, set-group-id and file capabilities
};

struct UnpackOptions {
  std::uint32_t first_host_id = 0;  ///< added to owners; only when root
  SpecialBits special_bits = SpecialBits::keep;
  WhiteoutForm whiteouts = WhiteoutForm::overlay;
  UnpackLimits limits;
};

/// Unpacks a plain, gzip or zstd tar into an empty (or, with `apply`, any) folder. Returns the diff_id.
base::Result<Digest> unpack_tar(int tar, const base::Path& into, const UnpackOptions& options);

}  // namespace ecr
