#pragma once
// Statements about an image, kept beside it in its index as BuildKit keeps them (its
// docs/attestations/attestation-storage.md): an in-toto statement for each, one manifest for all of an image.

#include <string>
#include <vector>

#include "base/json_fwd.h"
#include "base/result.h"
#include "ecr/image_store.h"

namespace ecr {

inline constexpr const char* kSpdxPredicate = "https://spdx.dev/Document";
inline constexpr const char* kProvenancePredicate = "https://slsa.dev/provenance/v1";

struct Predicate {
  std::string type;
  std::string text;  ///< JSON
};

/// Stores statements with these predicates about `image`, whose names are `names`. The descriptor is for the
/// index: of a platform that nothing runs on, with the annotations that lead back to the image.
base::Result<Descriptor> store_attestations(const Descriptor& image, const std::vector<std::string>& names,
                                            const std::vector<Predicate>& predicates, ImageStore& store);

/// `pkg:docker/registry/name@tag?platform=linux%2Famd64`, as provenance names images.
std::string image_url(const std::string& reference, const Platform& platform);

}  // namespace ecr
