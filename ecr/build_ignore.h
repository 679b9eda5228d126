#pragma once
// Which Dockerfile and which .dockerignore a build goes by.

#include "base/files.h"
#include "base/result.h"
#include "ecr/build.h"
#include "ecr/dockerignore.h"

namespace ecr {

/// The caller's; else Dockerfile.dockerignore beside the Dockerfile; else the context's own.
base::Result<DockerIgnore> read_ignore(const BuildOptions& options);
/// That of a named context, an open folder.
base::Result<DockerIgnore> read_ignore_of(int folder);
/// The Dockerfile that a folder is built by when nobody names one: `dockerfile` where there is no
/// `Dockerfile`.
base::Path dockerfile_in(const base::Path& folder);

}  // namespace ecr
