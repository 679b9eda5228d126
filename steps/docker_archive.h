#pragma once
// save, load and history of the docker front.

#include "base/result.h"
#include "steps/docker_verbs.h"

namespace steps {

base::Result<DockerAnswer> docker_save(const DockerCall& call, RunningJob& job);
base::Result<DockerAnswer> docker_load(const DockerCall& call, RunningJob& job);
base::Result<DockerAnswer> docker_history(const DockerCall& call, RunningJob& job);

}  // namespace steps
