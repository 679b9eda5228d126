#pragma once
// The network of one sandbox as the job's policy says: the gate in front of it, the runner's own services
// behind listeners inside, and the report at its end.

#include <functional>
#include <memory>
#include <string>

#include "runner/network_gate.h"
#include "steps/running_job.h"

namespace runner {

class JobNetwork {
 public:
  /// Nothing to do for the host's network. `job` and `sandbox`, one of its sandboxes, outlive it. `user` says
  /// who uses the network now: a step, a service.
  static base::Result<std::unique_ptr<JobNetwork>> open(const NetworkPolicy& policy, steps::RunningJob& job,
                                                        sandbox::Sandbox& sandbox,
                                                        std::function<std::string()> user);
  /// As open(), for a sandbox beside the job's own; it reports when it is let go.
  static base::Result<std::shared_ptr<void>> open_beside(const NetworkPolicy& policy, steps::RunningJob& job,
                                                         sandbox::Sandbox& sandbox,
                                                         std::function<std::string()> user);
  /// As open_beside(), for a sandbox with a network of its own whatever the job has: where the job has the
  /// host's, everything passes unseen.
  static base::Result<std::shared_ptr<void>> open_apart(const NetworkPolicy& policy, steps::RunningJob& job,
                                                        sandbox::Sandbox& sandbox,
                                                        std::function<std::string()> user);
  /// Ends what is open, and says what went where: lines of the job, and the event `network`.
  void report();

 private:
  JobNetwork(steps::RunningJob& job, std::unique_ptr<NetworkGate> gate) : job_(job), gate_(std::move(gate)) {}
  steps::RunningJob& job_;
  std::unique_ptr<NetworkGate> gate_;
};

/// Has the job's policy hold for what the runner does for its steps: images that are built, pulled and
/// pushed.
void apply_network_policy(const NetworkPolicy& policy, steps::JobServices& services);

}  // namespace runner
