#pragma once
// Names of images: [host[:port]/]path[:tag][@digest], with Docker's defaults.

#include <string>
#include <string_view>

#include "base/result.h"
#include "ecr/digest.h"

namespace ecr {

struct ImageReference {
  std::string registry;    ///< host[:port]; docker.io when none was written
  std::string repository;  ///< library/debian for `debian`
  std::string tag;         ///< latest when neither tag nor digest was written
  Digest digest;

  /// registry/repository:tag, or @digest when there is one.
  [[nodiscard]] std::string to_string() const;
  /// The tag or the digest: what a registry's manifest URL ends in.
  [[nodiscard]] std::string manifest_name() const { return digest.empty() ? tag : digest.to_string(); }
  bool operator==(const ImageReference&) const = default;
};

base::Result<ImageReference> parse_image_reference(std::string_view text);

}  // namespace ecr
