#pragma once
// Which .dockerignore a build goes by.

#include "base/result.h"
#include "ecr/build.h"
#include "ecr/dockerignore.h"

namespace ecr {

/// The caller's; else Dockerfile.dockerignore beside the Dockerfile; else the context's own.
base::Result<DockerIgnore> read_ignore(const BuildOptions& options);

}  // namespace ecr
