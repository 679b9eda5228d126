#pragma once
// How the docker front ends containers: stop, restart, kill, rm, and wait.

#include "base/result.h"
#include "steps/docker_verbs.h"

namespace steps {

base::Result<DockerAnswer> docker_stop(const DockerCall& call);
base::Result<DockerAnswer> docker_restart(const DockerCall& call);
base::Result<DockerAnswer> docker_kill(const DockerCall& call);
base::Result<DockerAnswer> docker_rm(const DockerCall& call);
base::Result<DockerAnswer> docker_wait(const DockerCall& call);

}  // namespace steps
