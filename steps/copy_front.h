#pragma once
// `docker cp` in a step: packs and unpacks its own side with the step's rights.

#include "base/result.h"
#include "steps/docker_command.h"

namespace steps {

/// The exit code.
base::Result<int> copy_as_front(const DockerCommand& command, const std::vector<std::string>& arguments);

}  // namespace steps
