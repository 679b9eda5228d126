#pragma once
// The network of one job as its policy says: the gate in front of its sandbox, the runner's own services
// behind listeners inside, and the report at its end.

#include <memory>

#include "runner/network_gate.h"
#include "runner/running_steps.h"
#include "steps/running_job.h"

namespace runner {

class JobNetwork {
 public:
  /// Nothing to do for the host's network. `job` and `steps` outlive it; its sandbox is there already.
  static base::Result<std::unique_ptr<JobNetwork>> open(const NetworkPolicy& policy, steps::RunningJob& job,
                                                        const RunningSteps& steps);
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
