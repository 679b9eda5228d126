#pragma once
// docker buildx imagetools and docker manifest inspect: images as their registry has them, which nobody
// pulls.

#include "base/result.h"
#include "steps/docker_verbs.h"

namespace steps {

/// buildx imagetools inspect, and manifest inspect.
base::Result<DockerAnswer> docker_inspect_remote(const DockerCall& call, RunningJob& job);
/// buildx imagetools create: an index of images that lie in its repository already.
base::Result<DockerAnswer> docker_create_index(const DockerCall& call, RunningJob& job);

}  // namespace steps
