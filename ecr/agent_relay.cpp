#include "ecr/agent_relay.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "base/fd.h"

namespace ecr {

namespace {

using base::Fd;
using base::Result;

constexpr int kBacklog = 16;

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path)
    return base::make_error(base::ErrorKind::invalid_input, "a socket's path is empty or too long: " + path);
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

Result<Fd> connect_to(const std::string& path) {
  TRY(const auto address, address_of(path));
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return base::system_error("socket", errno);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return base::system_error("connecting to the ssh agent at " + path, errno);
  return socket;
}

}  // namespace

Result<std::unique_ptr<AgentRelay>> AgentRelay::start(const base::Path& socket, const std::string& agent) {
  // Whether there is an agent is known now, not when a step wonders why its key is not found.
  TRY(const auto probe, connect_to(agent));
  // The path may be too long for a socket's name; its folder is not.
  TRY(const auto folder, base::open_directory(socket.parent_path()));
  TRY(const auto address,
      address_of("/proc/self/fd/" + std::to_string(folder.get()) + "/" + socket.filename().string()));
  Fd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener) return base::system_error("socket", errno);
  if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener.get(), kBacklog) != 0) {
    return base::system_error("listening at " + socket.string(), errno);
  }
  TRY(auto relay, sandbox::StreamRelay::start());
  TRY(relay->add(std::move(listener), [agent] { return connect_to(agent); }));
  return std::unique_ptr<AgentRelay>(new AgentRelay(std::move(relay)));
}

}  // namespace ecr
