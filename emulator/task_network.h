#pragma once
// What a task finds beyond its own network namespace (ADR 19): the hosts that the seed declares, a database
// or another service, by name; and what ECS's agent offers to each task, on loopback. Not for the way into a
// task, which is RunningTask::connect.

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "sandbox/sandbox.h"
#include "sandbox/stream_relay.h"

namespace emulator {

/// An entry of the seed's `hosts`.
struct OutsideHost {
  std::string name;
  std::uint16_t port = 0;
  std::string cluster, service;  ///< whose running tasks answer, on the same port; empty: this machine does
  std::uint16_t local_port = 0;  ///< on 127.0.0.1
};

base::Result<std::vector<OutsideHost>> read_outside_hosts(const base::Json& seed);

class TaskNetwork {
 public:
  using Connect = std::function<base::Result<base::Fd>(const OutsideHost& host)>;

  /// `connect` opens the other side, from the relay's thread; the agent is the host without a name.
  static base::Result<std::unique_ptr<TaskNetwork>> make(std::vector<OutsideHost> hosts, Connect connect);

  /// The port of 127.0.0.1 at which every task has the agent, and with it the emulator's own services.
  static constexpr std::uint16_t kAgentPort = 51679;

  /// Lines of a task's /etc/hosts.
  [[nodiscard]] std::vector<std::string> hosts_lines() const;
  /// Makes all of it reachable in a task, for as long as what it returns lives. `own` are ports that the task
  /// listens on itself, perhaps on all addresses: they stay its own.
  base::Result<std::shared_ptr<void>> join(sandbox::Sandbox& sandbox, const std::set<std::uint16_t>& own);

 private:
  struct Place {
    OutsideHost host;
    std::string address;
  };
  TaskNetwork(std::vector<OutsideHost> hosts, Connect connect, std::unique_ptr<sandbox::StreamRelay> relay);

  std::vector<Place> places_;
  Connect connect_;
  std::unique_ptr<sandbox::StreamRelay> relay_;
};

}  // namespace emulator
