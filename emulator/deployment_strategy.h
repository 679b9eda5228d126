#pragma once
// The steps of a deployment that shifts traffic (BLUE_GREEN, LINEAR, CANARY) and of its way back, from the
// deployment configuration alone. Pure; scheduler_shift.cpp carries them out.

#include <string>
#include <vector>

#include "base/json_fwd.h"
#include "base/result.h"

namespace emulator {

/// The new revision's share of the traffic holds from the beginning of its step on.
struct ShiftStep {
  std::string stage;       ///< as DescribeServiceDeployments names it
  std::string hook_stage;  ///< hooks of this stage run once the shares are set; empty: none may
  double test_percent = 0;
  double production_percent = 0;
  double bake_minutes = 0;  ///< waited after the hooks
  bool operator==(const ShiftStep&) const = default;
};

/// What a deployment starts from: how many service revisions it replaces.
struct ShiftStart {
  int source_revisions = 0;
};

/// ROLLING when the configuration names none.
std::string strategy_of(const base::Json& deployment_configuration);
bool shifts_traffic(const base::Json& deployment_configuration);
/// Strategy, percentages, minutes and hooks as API_DeploymentConfiguration has them; the error is worded for
/// the wire.
base::Result<void> check_strategy(const base::Json& deployment_configuration);

/// With nothing to replace all traffic goes to the new revision in one step.
std::vector<ShiftStep> plan_shift(const base::Json& deployment_configuration, ShiftStart start);
/// From step `at` back to where it began: only what was shifted is shifted back.
std::vector<ShiftStep> plan_return(const std::vector<ShiftStep>& steps, std::size_t at);

/// A share in percent as the weights of a listener rule (0 to 999), the new revision's first.
struct RuleWeights {
  int target = 0;
  int source = 0;
  bool operator==(const RuleWeights&) const = default;
};
RuleWeights rule_weights(double percent);

}  // namespace emulator
