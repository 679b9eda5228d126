#pragma once
// run, create, start and exec of the docker front.

#include "base/result.h"
#include "steps/docker_verbs.h"

namespace steps {

base::Result<DockerAnswer> docker_run(const DockerCall& call, RunningJob& job);
base::Result<DockerAnswer> docker_start(const DockerCall& call);
base::Result<DockerAnswer> docker_exec(const DockerCall& call);

}  // namespace steps
