#pragma once
// The image of one platform. What is made of several is build.h's.

#include "ecr/build.h"

namespace ecr {

/// Stored without a name; `options.platforms`, `tags`, annotations and attestations do not count.
base::Result<BuiltImage> build_for_platform(const BuildOptions& options, const Platform& platform,
                                            ImageStore& store);

}  // namespace ecr
