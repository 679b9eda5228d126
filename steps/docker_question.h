#pragma once
// What goes to the job's DockerService along with a command line: the files that it names, opened and read
// with the rights of whoever asks, and variables of theirs.

#include <string>
#include <vector>

#include "base/result.h"
#include "steps/docker_client.h"
#include "steps/docker_command.h"

namespace steps {

/// `command` is what `arguments` say.
base::Result<DockerQuestion> prepare_question(const DockerCommand& command,
                                              std::vector<std::string> arguments);

}  // namespace steps
