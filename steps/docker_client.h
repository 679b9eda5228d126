#pragma once
// Asking the job's DockerService from within a step: one request, pieces of output, a result. Not for what is
// asked (docker_front, compose).

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/files.h"
#include "base/json.h"
#include "base/result.h"
#include "steps/agent_offer.h"
#include "steps/docker_protocol.h"

namespace steps {

struct DockerQuestion {
  std::vector<std::string> arguments;      ///< of docker
  base::Json more = base::Json::object();  ///< members of the request beside them
  std::vector<base::Fd> files;             ///< go with it
  /// Serve what was offered in `files` until the answer is there.
  std::vector<std::unique_ptr<AgentOffer>> agents = {};
  std::optional<base::TempDir> empty_context = {};  ///< of a Dockerfile that came on stdin alone
};
using DockerOutput = std::function<base::Result<void>(FrameKind kind, std::string_view bytes)>;

/// The service's result. An Error of `output` ends the connection, and with it what was asked for.
base::Result<base::Json> ask_docker(const DockerQuestion& question, const DockerOutput& output);

}  // namespace steps
