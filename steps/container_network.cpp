#include "steps/container_network.h"

#include <fmt/format.h>

#include <utility>

#include "base/listening_socket.h"

namespace steps {

namespace {

constexpr const char* kLoopback = "127.0.0.1";

}  // namespace

base::Result<void> ContainerNetwork::relay(base::Fd listener, const Neighbour& to, std::uint16_t port) {
  TRY(const int number,
      relay_.add(std::move(listener), [connect = to.connect, port] { return connect(port); }));
  relayed_.push_back(number);
  return {};
}

base::Result<void> ContainerNetwork::publish(const std::vector<PublishedPort>& ports, sandbox::Sandbox* job,
                                             const Neighbour& itself) {
  const std::lock_guard lock(mutex_);
  for (const auto& port : ports) {
    if (port.udp) {
      return base::invalid_input(fmt::format(
          "Error response from daemon: ports of UDP ({}) are not supported here", port.container));
    }
    auto listener =
        job != nullptr ? job->listen(kLoopback, port.host) : base::listen_on(kLoopback, port.host);
    if (!listener) {
      return base::invalid_input(
          fmt::format("Error response from daemon: driver failed programming external connectivity on "
                      "endpoint {}: {}",
                      itself.names[0], listener.error().to_string()));
    }
    ports_[port.container] = base::port_of(listener->get());
    TRY(relay(std::move(*listener), itself, port.container));
  }
  return {};
}

base::Result<void> ContainerNetwork::meet(const Neighbour& neighbour, sandbox::Sandbox& own) {
  const std::lock_guard lock(mutex_);
  for (const auto port : neighbour.ports) {
    const auto place = fmt::format("{}:{}", neighbour.address, port);
    // One that was stopped and started again is still listened for.
    if (served_.contains(port) || met_.contains(place)) continue;
    // What a container listens on itself it cannot reach on another one (ADR 19).
    auto listener = own.listen(neighbour.address, port);
    if (!listener) continue;
    TRY(relay(std::move(*listener), neighbour, port));
    met_.insert(place);
  }
  return hosts_.put(neighbour.address, neighbour.names);
}

base::Result<void> ContainerNetwork::part_from(const Neighbour& neighbour) {
  const std::lock_guard lock(mutex_);
  return hosts_.drop(neighbour.address);
}

// Without the lock while the relay waits for a connection that is being made: that one may ask for ports().
void ContainerNetwork::end() {
  std::vector<int> relayed;
  {
    const std::lock_guard lock(mutex_);
    relayed = std::exchange(relayed_, {});
    met_.clear();
    ports_.clear();
  }
  for (const int number : relayed) relay_.remove(number);
}

std::map<std::uint16_t, std::uint16_t> ContainerNetwork::ports() const {
  const std::lock_guard lock(mutex_);
  return ports_;
}

}  // namespace steps
