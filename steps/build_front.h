#pragma once
// What `docker build --output` brings out of the runner, written with the step's rights.

#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "steps/build_output.h"
#include "steps/docker_client.h"

namespace steps {

/// Asks for the build; what is streamed goes where its output says, all else to standard output.
base::Result<base::Json> ask_for_outputs(const DockerQuestion& question,
                                         const std::vector<BuildOutput>& outputs);

}  // namespace steps
