#include "ecr/agent_relay.h"

#include "base/unix_socket.h"

namespace ecr {

using base::Result;

namespace {

constexpr int kBacklog = 16;

}  // namespace

AgentConnector agent_at(const std::string& path) {
  return [path] { return base::connect_to(path, base::Blocking::no).while_doing("reaching the ssh agent"); };
}

Result<std::unique_ptr<AgentRelay>> AgentRelay::start(const base::Path& socket, AgentConnector agent) {
  // Whether there is an agent is known now, not when a step wonders why its key is not found.
  TRY(const auto probe, agent());
  TRY(auto listener, base::listen_at(socket, kBacklog));
  TRY(auto relay, sandbox::StreamRelay::start());
  TRY(relay->add(std::move(listener), std::move(agent)));
  return std::unique_ptr<AgentRelay>(new AgentRelay(std::move(relay)));
}

}  // namespace ecr
