#pragma once
// What deployments ask of CloudWatch's alarms, and nothing more of it: which of them are in ALARM now. The
// keeper of the alarms gives the function; who rolls back by it is the scheduler and CodeDeploy.

#include <functional>
#include <string>
#include <vector>

namespace emulator {

struct AlarmView {
  std::string name;
  bool in_alarm = false;
  double window_seconds = 0;  ///< period × evaluation periods: so long until it can tell
};

/// The alarms of these names, in their order; a name that no alarm has is left out. Any thread may call it,
/// also with the state of ECS locked: it must not call ECS.
using FindAlarms = std::function<std::vector<AlarmView>(const std::vector<std::string>& names)>;

}  // namespace emulator
