#pragma once
// Which options each verb of the `docker` front has, as tables. Not for reading a command line
// (docker_command).

#include <vector>

#include "steps/docker_command.h"
#include "steps/read_options.h"

namespace steps {

using DockerOption = CommandOption<DockerCommand>;

const std::vector<DockerOption>& docker_options_of(DockerVerb verb);

}  // namespace steps
