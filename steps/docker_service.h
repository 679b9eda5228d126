#pragma once
// The runner's side of the `docker` front: a Unix socket in a folder that the runner mounts into the job's
// sandbox at kDockerFolderInside. Answers one request per connection; what a request may read comes with it
// as open file descriptors, so nothing of the host is in reach that the step could not open itself.
// Not a Docker engine: containers are sandboxes that end with the job (docker_containers).

#include <memory>
#include <string_view>

#include "base/files.h"
#include "base/result.h"
#include "steps/running_job.h"

namespace steps {

/// Where the runner mounts the folder given to DockerService::start (read-only is enough).
inline constexpr std::string_view kDockerFolderInside = "/run/pipeline";
/// The socket's name in that folder.
inline constexpr std::string_view kDockerSocketName = "docker.sock";
/// Set in a step's environment, it names the socket in place of kDockerFolderInside/kDockerSocketName.
inline constexpr std::string_view kDockerSocketVariable = "PIPELINE_DOCKER_SOCKET";

class DockerService {
 public:
  /// Listens on `folder`/docker.sock and serves from its own threads until destroyed; `job` must outlive it.
  /// The folder's parent must be closed to other users of the machine.
  static base::Result<std::unique_ptr<DockerService>> start(RunningJob& job, const base::Path& folder);
  virtual ~DockerService() = default;

 protected:
  DockerService() = default;
};

}  // namespace steps
