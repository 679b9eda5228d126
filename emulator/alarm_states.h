#pragma once
// What deployments ask of CloudWatch's alarms, and nothing more of it: which of them are in ALARM now. The
// keeper of the alarms gives the function; who rolls back by it is the scheduler and CodeDeploy.

#include <functional>
#include <string>
#include <vector>

namespace emulator {

/// Of these names those whose alarm is in the state ALARM, in their order; a name that no alarm has is not
/// among them. Any thread may call it, also with the state of ECS locked: it must not call ECS.
using AlarmsInAlarm = std::function<std::vector<std::string>(const std::vector<std::string>& names)>;

}  // namespace emulator
