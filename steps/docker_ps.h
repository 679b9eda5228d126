#pragma once
// What the docker front says of containers, and how it ends them: ps, logs, inspect, port, stop, kill, rm,
// wait, and the networks.

#include "base/json_fwd.h"
#include "base/result.h"
#include "steps/docker_containers.h"
#include "steps/docker_verbs.h"

namespace steps {

base::Result<DockerAnswer> docker_ps(const DockerCall& call);
base::Result<DockerAnswer> docker_logs(const DockerCall& call);
base::Result<DockerAnswer> docker_port(const DockerCall& call);
base::Result<DockerAnswer> docker_stop(const DockerCall& call);
base::Result<DockerAnswer> docker_kill(const DockerCall& call);
base::Result<DockerAnswer> docker_rm(const DockerCall& call);
base::Result<DockerAnswer> docker_wait(const DockerCall& call);
base::Result<DockerAnswer> docker_network(const DockerCall& call);

/// The part of docker's container JSON that scripts ask for (Docker Engine API, ContainerInspect).
base::Json describe_container(const DockerContainer& container);

}  // namespace steps
