#pragma once
// Layers: a tree of files ⇄ a tar, gzip-compressed, with its two digests, in one pass (image-spec layer.md). The
// tree's owners are those of the sandbox's id range; the tar's are those inside.

#include <cstdint>
#include <string>

#include "base/fd.h"
#include "base/files.h"
#include "base/result.h"
#include "ecr/image_store.h"

namespace ecr {

struct Layer {
  Descriptor descriptor;  ///< of the compressed blob
  Digest diff_id;         ///< of the tar
};

struct PackOptions {
  std::int64_t latest_time = 0;   ///< modification times are cut to it; 0 leaves them (SOURCE_DATE_EPOCH)
};

/// Packs an overlay's upper folder: whiteouts and opaque folders become those of the specification. Entries are in
/// the order of their names. Sockets are left out.
base::Result<Layer> pack_upper(const base::Path& upper, ImageStore& store, const PackOptions& options = {});

/// Takes a tar (plain, gzip or zstd) as a layer: its content, recompressed.
base::Result<Layer> pack_tar(int tar, ImageStore& store);

/// Unpacks a compressed or plain layer into an empty folder, whiteouts as overlay wants them. Nothing is written
/// outside it whatever the tar says. The tar's digest must be `diff_id`.
base::Result<void> unpack_layer_blob(int blob, const base::Path& folder, const Digest& diff_id);

/// Unpacks a local archive as Dockerfile's ADD does: no whiteouts, owners as in the archive.
base::Result<void> unpack_archive(int archive, const base::Path& folder);

}  // namespace ecr
