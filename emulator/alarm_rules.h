#pragma once
// When an alarm fires: M of N datapoints, what missing ones count as, and the rules of composite alarms.
// Pure. Who holds the alarms and asks by the clock is alarms.h.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace emulator {

enum class AlarmState { insufficient, ok, alarm };
const char* name_of(AlarmState state);  ///< INSUFFICIENT_DATA, OK, ALARM
std::optional<AlarmState> alarm_state_named(const std::string& name);

struct AlarmThreshold {
  std::string comparison;  ///< GreaterThanThreshold …
  double threshold = 0;
  int evaluation_periods = 1;       ///< N
  int datapoints_to_alarm = 1;      ///< M
  std::string missing = "missing";  ///< missing, ignore, breaching, notBreaching
};

/// How many periods back are looked at: a datapoint that comes late still counts.
inline constexpr int kLatePeriods = 2;

bool is_breaching(const AlarmThreshold& threshold, double value);
/// `points` are those of the evaluation range, oldest first, the missing ones empty. Follows the tables of
/// "How alarm state is evaluated when data is missing" in the CloudWatch user guide.
AlarmState evaluate_alarm(const AlarmThreshold& threshold, const std::vector<std::optional<double>>& points,
                          AlarmState current);

using FindAlarmState = std::function<std::optional<AlarmState>(const std::string& name)>;
/// Whether a composite alarm's rule holds: ALARM("a") AND NOT (OK(b) OR INSUFFICIENT_DATA(c)), TRUE, FALSE.
/// The Error says where the rule is wrong, or which alarm there is not.
base::Result<bool> evaluate_rule(const std::string& rule, const FindAlarmState& find);

}  // namespace emulator
