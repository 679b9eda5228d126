#pragma once
// Names of images as people write them, `[host[:port]/]path[:tag][@digest]`, with Docker's defaults: `debian`
// is docker.io/library/debian:latest. Not for finding what a name stands for (image_store, registry).

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "ecr/digest.h"

namespace ecr {

struct ImageReference {
  std::string host;        ///< docker.io, 123456789012.dkr.ecr.eu-west-1.amazonaws.com, localhost:5000
  std::string repository;  ///< library/debian
  std::string tag;         ///< empty when only a digest was given
  std::optional<Digest> digest;

  /// The full form: host/repository[:tag][@digest]; the key of the image store.
  [[nodiscard]] std::string to_string() const;
  /// host/repository
  [[nodiscard]] std::string name() const;
  /// What the registry's manifest route takes: the digest when there is one, else the tag.
  [[nodiscard]] std::string manifest_key() const;
  bool operator==(const ImageReference&) const = default;
};

/// With Docker's defaults filled in: host docker.io, `library/`, tag latest unless a digest is there.
base::Result<ImageReference> parse_image_reference(std::string_view text);

}  // namespace ecr
