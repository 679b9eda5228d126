#pragma once
// save, load and history of the docker front.

#include <functional>
#include <stop_token>
#include <string_view>

#include "base/result.h"
#include "steps/docker_verbs.h"

namespace steps {

/// What a file holds in pieces, until its end or until nobody wants more.
base::Result<void> each_piece(int fd, const std::stop_token& stop,
                              const std::function<base::Result<void>(std::string_view)>& take);

base::Result<DockerAnswer> docker_save(const DockerCall& call, RunningJob& job);
base::Result<DockerAnswer> docker_load(const DockerCall& call, RunningJob& job);
base::Result<DockerAnswer> docker_history(const DockerCall& call, RunningJob& job);

}  // namespace steps
