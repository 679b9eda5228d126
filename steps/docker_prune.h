#pragma once
// prune of containers, images, builds and the system: what the job has made and nothing uses. The images of
// the store are the machine's, not the job's: they are kept, which is told.

#include "base/result.h"
#include "steps/docker_verbs.h"

namespace steps {

base::Result<DockerAnswer> docker_prune(const DockerCall& call, RunningJob& job);

}  // namespace steps
