#include "emulator/task_network.h"

#include <fmt/format.h>

#include <map>

#include "base/log.h"
#include "base/strings.h"

namespace emulator {
namespace {

constexpr std::size_t kMostHosts = 200;

base::Error wrong_host(const base::Json& entry, std::string_view expected) {
  return base::invalid_input(
      fmt::format("the seed: hosts: expected {}, found {}", expected, base::to_text(entry)));
}

std::uint16_t port_from(std::int64_t number) {
  return number > 0 && number < 65536 ? static_cast<std::uint16_t>(number) : 0;
}

/// `service: CLUSTER/NAME`, or `address: 127.0.0.1:PORT`.
base::Result<void> read_target(OutsideHost& host, const base::Json& entry) {
  const auto service = base::json_string(entry, "service");
  const auto address = base::json_string(entry, "address");
  if (const auto slash = service.find('/'); slash != std::string::npos && address.empty()) {
    host.cluster = service.substr(0, slash);
    host.service = service.substr(slash + 1);
    return {};
  }
  constexpr std::string_view kLoopback = "127.0.0.1:";
  if (service.empty() && address.starts_with(kLoopback))
    host.local_port = port_from(base::parse_integer(address.substr(kLoopback.size())).value_or(0));
  if (host.local_port != 0) return {};
  return wrong_host(entry, "`service: CLUSTER/NAME` or `address: 127.0.0.1:PORT`");
}

}  // namespace

base::Result<std::vector<OutsideHost>> read_outside_hosts(const base::Json& seed) {
  std::vector<OutsideHost> hosts;
  for (const auto& entry : base::json_member(seed, "hosts")) {
    OutsideHost host{.name = base::json_string(entry, "name"),
                     .port = port_from(base::json_integer(entry, "port"))};
    if (host.name.empty() || host.name.find_first_of(" \t\n#") != std::string::npos || host.port == 0)
      return wrong_host(entry, "a `name` and a `port`");
    TRY(read_target(host, entry));
    hosts.push_back(std::move(host));
  }
  if (hosts.size() > kMostHosts)
    return base::invalid_input(
        fmt::format("the seed: hosts: expected at most {}, found {}", kMostHosts, hosts.size()));
  return hosts;
}

// 127.255.0.0/16 is where ECS Service Connect has its names, too.
TaskNetwork::TaskNetwork(std::vector<OutsideHost> hosts, Connect connect,
                         std::unique_ptr<sandbox::StreamRelay> relay)
    : connect_(std::move(connect)), relay_(std::move(relay)) {
  std::map<std::string, std::string> addresses;
  for (auto& host : hosts) {
    const auto address =
        addresses.emplace(host.name, fmt::format("127.255.0.{}", addresses.size() + 1)).first->second;
    places_.push_back({std::move(host), address});
  }
  places_.push_back({{.port = kAgentPort}, "127.0.0.1"});
}

base::Result<std::unique_ptr<TaskNetwork>> TaskNetwork::make(std::vector<OutsideHost> hosts,
                                                             Connect connect) {
  TRY(auto relay, sandbox::StreamRelay::start());
  return std::unique_ptr<TaskNetwork>(
      new TaskNetwork(std::move(hosts), std::move(connect), std::move(relay)));
}

std::vector<std::string> TaskNetwork::hosts_lines() const {
  std::vector<std::string> lines;
  for (const auto& place : places_) {
    if (!place.host.name.empty()) lines.push_back(place.address + " " + place.host.name);
  }
  return lines;
}

base::Result<std::shared_ptr<void>> TaskNetwork::join(sandbox::Sandbox& sandbox,
                                                      const std::set<std::uint16_t>& own) {
  auto joined = std::make_shared<sandbox::RelayListeners>(*relay_);
  for (const auto& place : places_) {
    if (own.contains(place.host.port)) continue;
    TRY(auto listener, sandbox.listen(place.address, place.host.port));
    TRY(const int number, relay_->add(std::move(listener), [this, &host = place.host] {
      auto opened = connect_(host);
      if (!opened) base::log(base::LogLevel::debug, opened.error().to_string());
      return opened;
    }));
    joined->keep(number);
  }
  return std::static_pointer_cast<void>(joined);
}

}  // namespace emulator
