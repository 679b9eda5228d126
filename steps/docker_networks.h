#pragma once
// The networks of the docker front: create, rm, ls, inspect, prune.

#include "base/result.h"
#include "steps/docker_verbs.h"

namespace steps {

base::Result<DockerAnswer> docker_network(const DockerCall& call);

}  // namespace steps
