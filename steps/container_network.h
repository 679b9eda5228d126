#pragma once
// How one container of `docker run` is found and finds others, while it runs (ADR 19): its published ports,
// and a listener in its own namespace for each port of each neighbour. Not for who is a neighbour
// (docker_containers).

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "sandbox/sandbox.h"
#include "sandbox/stream_relay.h"
#include "steps/container_options.h"
#include "steps/hosts_file.h"

namespace steps {

/// A container as others of its network have it.
struct Neighbour {
  std::string address;  ///< the same for all of them, and of no other container of the job
  std::vector<std::string> names;
  std::set<std::uint16_t> ports;
  std::function<base::Result<base::Fd>(std::uint16_t port)> connect;
};

class ContainerNetwork {
 public:
  ContainerNetwork(sandbox::StreamRelay& relay, HostsFile hosts) : relay_(relay), hosts_(std::move(hosts)) {}
  /// Ports that its own program will listen on, which have to stay free.
  void leave_free(std::set<std::uint16_t> ports) { served_ = std::move(ports); }

  /// Its own name is known to it before anything runs.
  base::Result<void> begin(const Neighbour& itself) { return hosts_.put(itself.address, itself.names); }
  [[nodiscard]] const base::Path& hosts_file() const { return hosts_.path(); }

  /// Ports on 127.0.0.1 of `job`'s network, of the machine's when it has none of its own.
  base::Result<void> publish(const std::vector<PublishedPort>& ports, sandbox::Sandbox* job,
                             const Neighbour& itself);
  /// The neighbour is found by its names from now on.
  base::Result<void> meet(const Neighbour& neighbour, sandbox::Sandbox& own);
  base::Result<void> part_from(const Neighbour& neighbour);
  /// Takes all listeners away.
  void end();
  /// Container port → port of 127.0.0.1.
  [[nodiscard]] std::map<std::uint16_t, std::uint16_t> ports() const;

 private:
  base::Result<void> relay(base::Fd listener, const Neighbour& to, std::uint16_t port);

  sandbox::StreamRelay& relay_;
  mutable std::mutex mutex_;
  HostsFile hosts_;
  std::set<std::uint16_t> served_;
  std::vector<int> relayed_;
  std::set<std::string> met_;  ///< address:port that is listened at
  std::map<std::uint16_t, std::uint16_t> ports_;
};

}  // namespace steps
