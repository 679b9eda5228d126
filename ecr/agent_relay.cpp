#include "ecr/agent_relay.h"

#include "base/unix_socket.h"

namespace ecr {

namespace {

using base::Result;

constexpr int kBacklog = 16;

Result<base::Fd> connect_to_agent(const std::string& agent) {
  return base::connect_to(agent, base::Blocking::no).while_doing("reaching the ssh agent");
}

}  // namespace

Result<std::unique_ptr<AgentRelay>> AgentRelay::start(const base::Path& socket, const std::string& agent) {
  // Whether there is an agent is known now, not when a step wonders why its key is not found.
  TRY(const auto probe, connect_to_agent(agent));
  TRY(auto listener, base::listen_at(socket, kBacklog));
  TRY(auto relay, sandbox::StreamRelay::start());
  TRY(relay->add(std::move(listener), [agent] { return connect_to_agent(agent); }));
  return std::unique_ptr<AgentRelay>(new AgentRelay(std::move(relay)));
}

}  // namespace ecr
