#include "runner/service_network.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "base/listening_socket.h"
#include "runner/port_owner.h"

namespace runner {

namespace {

using base::Result;

constexpr std::chrono::milliseconds kAskAgain{100};
constexpr int kMostUnknown = 10;  // times that a port is taken by somebody who cannot be found
constexpr const char* kLoopback = "127.0.0.1";

base::Error taken(std::uint16_t port, const PortOwner& owner, const std::string& service) {
  return base::make_error(
      base::ErrorKind::denied,
      fmt::format(
          "port {} of this machine, on which the service {} is to be published, is taken by {}; end it, "
          "publish another port (`ports: [\"0:…\"]` takes a free one), or give the job a network of its "
          "own with --network none",
          port, service, owner.text));
}

std::set<std::uint16_t> ports_of(const ServiceNetwork::Member& member) {
  std::set<std::uint16_t> ports(member.wanted.begin(), member.wanted.end());
  ports.insert(member.exposed.begin(), member.exposed.end());
  return ports;
}

}  // namespace

ServiceNetwork::ServiceNetwork(std::uint32_t slot, std::unique_ptr<sandbox::StreamRelay> relay)
    : slot_(slot), relay_(std::move(relay)) {}

Result<std::unique_ptr<ServiceNetwork>> ServiceNetwork::make(std::uint32_t slot) {
  TRY(auto relay, sandbox::StreamRelay::start());
  return std::unique_ptr<ServiceNetwork>(new ServiceNetwork(slot, std::move(relay)));
}

void ServiceNetwork::add(const std::string& id, std::vector<std::string> names) {
  names.insert(names.begin(), id);
  members_.push_back({.id = id, .names = std::move(names)});
}

// 127.128.0.0/9 for slots of 12 bits and up to 200 services in each.
std::string ServiceNetwork::address_of(std::size_t index) const {
  return fmt::format("127.{}.{}.{}", 128 + (slot_ >> 8 & 0x7f), slot_ & 0xff, 10 + index);
}

std::vector<std::string> ServiceNetwork::hosts() const {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    std::string line = address_of(i);
    for (const auto& name : members_[i].names) line += " " + name;
    lines.push_back(std::move(line));
  }
  return lines;
}

void ServiceNetwork::open(const std::string& id, sandbox::Sandbox& sandbox, std::vector<std::uint16_t> wanted,
                          std::vector<std::uint16_t> exposed) {
  const auto member =
      std::find_if(members_.begin(), members_.end(), [&](const Member& one) { return one.id == id; });
  if (member == members_.end()) return;
  member->sandbox = &sandbox;
  member->wanted = std::move(wanted);
  member->exposed = std::move(exposed);
}

Result<base::Fd> ServiceNetwork::listen(sandbox::Sandbox& sandbox, sandbox::NetworkMode mode,
                                        const Member& member, std::uint16_t port) const {
  const auto index = static_cast<std::size_t>(&member - members_.data());
  if (mode != sandbox::NetworkMode::host) return sandbox.listen(address_of(index), port);
  return base::listen_on(address_of(index), port);
}

Result<std::shared_ptr<void>> ServiceNetwork::connect(sandbox::Sandbox& sandbox, sandbox::NetworkMode mode,
                                                      const std::string& own, steps::LogSink& log) {
  const std::lock_guard lock(mutex_);
  if (mode != sandbox::NetworkMode::host) return make_listeners(sandbox, mode, own, log);
  if (!host_) {
    TRY(host_, make_listeners(sandbox, mode, own, log));
  }
  return host_;
}

Result<std::shared_ptr<void>> ServiceNetwork::make_listeners(sandbox::Sandbox& sandbox,
                                                             sandbox::NetworkMode mode,
                                                             const std::string& own, steps::LogSink& log) {
  auto connected = std::make_shared<sandbox::RelayListeners>(*relay_);
  std::set<std::uint16_t> own_ports;
  for (const auto& member : members_) {
    if (member.id == own) own_ports = ports_of(member);
  }
  for (const auto& member : members_) {
    if (member.id == own || member.sandbox == nullptr) continue;
    for (const auto port : ports_of(member)) {
      if (own_ports.contains(port)) continue;
      auto listener = listen(sandbox, mode, member, port);
      const bool must = std::count(member.wanted.begin(), member.wanted.end(), port) > 0;
      if (!listener && must) {
        return std::move(listener).error().while_doing(
            fmt::format("making port {} of the service {} reachable by its name", port, member.id));
      }
      if (!listener) {
        log.line(steps::LineKind::warning,
                 fmt::format("port {} of the service {} cannot be reached by its name: {}", port, member.id,
                             listener.error().to_string()));
        continue;
      }
      TRY(const int number,
          relay_->add(std::move(*listener), [to = member.sandbox, port] { return to->connect(port); }));
      connected->keep(number);
    }
  }
  return std::static_pointer_cast<void>(connected);
}

Result<ServiceNetwork::Ports> ServiceNetwork::take_ports(const std::vector<Ports::Port>& wanted,
                                                         sandbox::Sandbox* isolated,
                                                         const std::stop_token& stop, steps::LogSink& log) {
  bool told = false;
  int unknown = 0;
  while (true) {
    Ports ports;
    std::optional<base::Error> failed;
    for (const auto& want : wanted) {
      auto listener = isolated != nullptr ? isolated->listen(kLoopback, want.port.host)
                                          : base::listen_on(kLoopback, want.port.host);
      if (listener) {
        auto port = want.port;
        port.host = base::port_of(listener->get());
        ports.list.push_back({want.id, port, std::move(*listener)});
        continue;
      }
      if (isolated != nullptr || want.port.host == 0) return std::move(listener).error();
      ports.list.clear();
      const auto owner = owner_of_port(want.port.host);
      if (!owner.is_ours && (owner.is_known || ++unknown > kMostUnknown))
        return taken(want.port.host, owner, want.id);
      if (owner.is_ours && !std::exchange(told, true)) {
        log.line(steps::LineKind::output,
                 fmt::format("Waiting for port {}, which {} has published.", want.port.host, owner.text));
      }
      failed = taken(want.port.host, owner, want.id);
      break;
    }
    if (!failed) return ports;
    if (!base::system_clock().sleep_for(kAskAgain, stop)) return std::move(*failed);
  }
}

Result<void> ServiceNetwork::publish(Ports ports) {
  for (auto& port : ports.list) {
    const auto member = std::find_if(members_.begin(), members_.end(),
                                     [&](const Member& candidate) { return candidate.id == port.id; });
    if (member == members_.end() || member->sandbox == nullptr) continue;
    TRY(const int number,
        relay_->add(std::move(port.listener),
                    [to = member->sandbox, inside = port.port.container] { return to->connect(inside); }));
    (void)number;
  }
  return {};
}

}  // namespace runner
