#pragma once
// The five fields of a POSIX cron expression: what is wrong with them, how often they come round, and when
// next. Pure: the time and the time zone are given. Not for starting anything.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace workflow {

/// What is wrong with it, or "".
std::string problem_of_cron(std::string_view expression);

/// The values that each field admits, as bits.
struct CronSchedule {
  std::uint64_t minutes = 0;
  std::uint32_t hours = 0;
  std::uint32_t days = 0;      ///< of the month
  std::uint32_t months = 0;    ///< 1 is January
  std::uint32_t weekdays = 0;  ///< 0 is Sunday
  bool any_hour = false;       ///< the field begins with *
  bool any_day = false;
  bool any_weekday = false;
};
base::Result<CronSchedule> parse_cron(std::string_view expression);

/// The fewest minutes between two of its times on one day, or from the end of a day to the next one; a day
/// (1440) when it comes once a day at most. GitHub starts nothing more often than every 5.
int shortest_interval_minutes(const CronSchedule& schedule);

/// Seconds that a zone's clocks are ahead of UTC at a time, in seconds since 1970.
using ZoneOffset = std::function<std::int64_t(std::int64_t utc)>;

/// The first time after `from` (seconds since 1970), or nothing when none ever comes: the 30th of
/// February. Day of the month and day of the week, both given, mean either (POSIX crontab).
/// When clocks go forward, a time that they skip comes at the moment of the change; when they go back, a time
/// that they show twice comes the first time only. Schedules for every hour (`*`) skip and repeat nothing:
/// they go by the time that passes.
std::optional<std::int64_t> next_run(const CronSchedule& schedule, std::int64_t from, const ZoneOffset& zone);

}  // namespace workflow
