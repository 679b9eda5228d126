#pragma once
// A socket in a folder of ours that leads to an ssh agent's: processes of a sandbox may use it though they
// may not even see the agent's own. Gone with the object.

#include <functional>
#include <memory>
#include <string>

#include "base/files.h"
#include "base/result.h"
#include "sandbox/stream_relay.h"

namespace ecr {

/// A connection to an agent, without blocking; from any thread.
using AgentConnector = std::function<base::Result<base::Fd>()>;
/// By the path of its socket.
AgentConnector agent_at(const std::string& path);

class AgentRelay {
 public:
  /// Listens at `socket`, a path that is not there yet; each connection goes on to the agent.
  static base::Result<std::unique_ptr<AgentRelay>> start(const base::Path& socket, AgentConnector agent);

 private:
  explicit AgentRelay(std::unique_ptr<sandbox::StreamRelay> relay) : relay_(std::move(relay)) {}
  std::unique_ptr<sandbox::StreamRelay> relay_;
};

}  // namespace ecr
