#pragma once
// What the docker front says of containers: ps, logs, inspect and port.

#include "base/json_fwd.h"
#include "base/result.h"
#include "steps/docker_containers.h"
#include "steps/docker_verbs.h"

namespace steps {

base::Result<DockerAnswer> docker_ps(const DockerCall& call);
base::Result<DockerAnswer> docker_logs(const DockerCall& call);
base::Result<DockerAnswer> docker_port(const DockerCall& call);

/// The part of docker's container JSON that scripts ask for (Docker Engine API, ContainerInspect).
base::Json describe_container(const DockerContainer& container);

}  // namespace steps
