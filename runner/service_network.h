#pragma once
// The network of a job's containers (ADR 19): every service has a network namespace of its own, in which only
// it listens. Where somebody shall find it, a listener is made in *their* namespace, and the runner carries
// the bytes across. So no two services, and no two jobs with namespaces of their own, can collide.

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "sandbox/sandbox.h"
#include "sandbox/stream_relay.h"
#include "steps/container_options.h"
#include "steps/log_sink.h"

namespace runner {

class ServiceNetwork {
 public:
  /// `slot` is the job's alone on this machine: its addresses in 127.0.0.0/8 are, too.
  static base::Result<std::unique_ptr<ServiceNetwork>> make(std::uint32_t slot);

  /// What is found under `names` at the TCP ports that it is known to have.
  struct Member {
    std::string id;
    std::vector<std::string> names;
    std::vector<std::uint16_t> wanted;   ///< that must be reachable
    std::vector<std::uint16_t> exposed;  ///< that are reachable if they can be
    sandbox::Sandbox* sandbox = nullptr;
  };
  /// Before any sandbox is made: its names are in all their /etc/hosts.
  void add(const std::string& id, std::vector<std::string> names);
  /// For a plan's `hosts`.
  [[nodiscard]] std::vector<std::string> hosts() const;
  /// It can be connected to from now on.
  void open(const std::string& id, sandbox::Sandbox& sandbox, std::vector<std::uint16_t> wanted,
            std::vector<std::uint16_t> exposed);

  /// Makes the services reachable by name in a sandbox, for as long as what it returns lives. `own` is the id
  /// of the service whose sandbox it is, if it is one: ports that it has itself stay its own.
  base::Result<std::shared_ptr<void>> connect(sandbox::Sandbox& sandbox, sandbox::NetworkMode mode,
                                              const std::string& own, steps::LogSink& log);

  /// Ports on 127.0.0.1 of the job's network, taken all or none; waits while other jobs of ours have them.
  class Ports {
   public:
    struct Port {
      std::string id;
      steps::PublishedPort port;  ///< `host` is what it became
      base::Fd listener;          ///< not when the container's own port is the host's
    };
    std::vector<Port> list;
  };
  static base::Result<Ports> take_ports(const std::vector<Ports::Port>& wanted, sandbox::Sandbox* isolated,
                                        const std::stop_token& stop, steps::LogSink& log);
  base::Result<void> publish(Ports ports);

 private:
  ServiceNetwork(std::uint32_t slot, std::unique_ptr<sandbox::StreamRelay> relay);
  base::Result<std::shared_ptr<void>> make_listeners(sandbox::Sandbox& sandbox, sandbox::NetworkMode mode,
                                                     const std::string& own, steps::LogSink& log);
  base::Result<base::Fd> listen(sandbox::Sandbox& sandbox, sandbox::NetworkMode mode, const Member& member,
                                std::uint16_t port) const;
  [[nodiscard]] std::string address_of(std::size_t index) const;

  std::uint32_t slot_;
  std::vector<Member> members_;
  std::mutex mutex_;  ///< background steps connect beside the job's thread
  std::unique_ptr<sandbox::StreamRelay> relay_;
  std::shared_ptr<void> host_;  ///< the connection of all who share the host's network
};

}  // namespace runner
