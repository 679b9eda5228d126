#pragma once
// What each verb of the docker front does, on the runner's side. Knows images and registries (ecr), not sockets.

#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.h"
#include "steps/docker_command.h"
#include "steps/running_job.h"

namespace steps {

/// One request of a front.
struct DockerCall {
  DockerCommand command;
  std::string dockerfile;                         ///< its text
  std::string password;                           ///< of a login, from stdin or -p
  int context = -1;                               ///< an open folder, for build
  std::stop_token stop;
  std::function<void(std::string_view)> print;    ///< to the front's stdout
  std::function<void(std::string_view)> complain; ///< to its stderr
};

/// What goes back besides output.
struct DockerAnswer {
  int exit_code = 0;
  std::string image_id;
};

/// An Error is a sentence for stderr and exit code 1.
base::Result<DockerAnswer> carry_out(const DockerCall& call, RunningJob& job);

}  // namespace steps
