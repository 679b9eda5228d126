#pragma once
// The way out of one job's network namespace: every connection that its steps make ends here, is held against
// the job's policy, and is then made again from the host and spliced. Names are answered here, too; a name is
// looked up when it is connected to, by the gate itself. What is refused is told at once, what went through
// at the end.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "runner/network_policy.h"
#include "sandbox/sandbox.h"

namespace runner {

/// All connections of one step to one place.
struct Traffic {
  std::string name;  ///< a host name, or an address that was used as such
  std::uint16_t port = 0;
  std::string step;
  std::uint64_t connections = 0;
  std::uint64_t refused = 0;
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
};

struct NetworkGateOptions {
  NetworkPolicy policy;
  std::function<std::string()> step;                        ///< the name of what runs now
  std::function<void(const std::string& message)> refused;  ///< once for each place and step
};

class NetworkGate {
 public:
  static base::Result<std::unique_ptr<NetworkGate>> start(sandbox::Egress egress,
                                                          const NetworkGateOptions& options);
  /// Ends all connections.
  ~NetworkGate();
  /// Lets connections that arrive at a listener inside come out at a service of this machine's loopback.
  void forward(base::Fd listener, std::uint16_t port);
  /// Ends all connections; what went where, sorted by name.
  std::vector<Traffic> finish();

 private:
  struct State;
  explicit NetworkGate(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace runner
