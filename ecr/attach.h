#pragma once
// A statement about an image that is in a registry already, put beside it as a referrer
// (distribution-spec: Listing Referrers). The image keeps its digest.

#include "base/result.h"
#include "ecr/attestation.h"
#include "ecr/registry.h"

namespace ecr {

/// The digest of the referrer. not_found when the registry has no such image.
base::Result<Digest> attach(const ImageReference& image, const Predicate& predicate,
                            const RegistryOptions& options);

}  // namespace ecr
