#pragma once
// Layers that lie in the store as plain tars, compressed on their way to a registry, and what is known of
// them: a layer is compressed once; its compressed bytes are kept, since nobody can promise to make the same
// again.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "ecr/block_codec.h"
#include "ecr/compression.h"
#include "ecr/image_store.h"

namespace ecr {

/// The compressed form of a plain layer, if there was one. Its blob may be gone from the store.
std::optional<Descriptor> find_packed(const ImageStore& store, const Digest& diff_id, BlockCodec codec);
base::Result<void> remember_packed(ImageStore& store, const Digest& diff_id, BlockCodec codec,
                                   const Descriptor& packed);

/// The compressed bytes of a plain layer, made while they are read; `keep` gets a copy. An error when the
/// layer in the store is not what its digest says.
base::Result<ByteSource> pack_layer(const ImageStore& store, const Descriptor& plain, BlockCodec codec,
                                    std::shared_ptr<BlobWriter> keep);
/// The type that a plain layer has when it is compressed: a manifest of Docker's keeps Docker's types.
std::string packed_media_type(const std::string& plain, BlockCodec codec);

/// Repositories (host/name) that have a blob, newest first, for mounting from.
std::vector<std::string> repositories_with(const ImageStore& store, const Digest& digest);
void remember_repository(ImageStore& store, const Digest& digest, const std::string& repository);

}  // namespace ecr
