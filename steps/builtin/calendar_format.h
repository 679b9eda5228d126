#pragma once
// Times as text by moment.js' tokens in English: `YYYYMMDD-HHmmss`, `[at] dddd Do`. Pure. Not for the
// project's own times (base/clock).

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace steps::builtin {

/// A time, and how far the clocks of its place are ahead of UTC.
struct CalendarTime {
  std::int64_t milliseconds = 0;  ///< since 1970, UTC
  std::int64_t offset = 0;        ///< seconds
};

/// Letters that are no token stay as they are. `z` is refused but for UTC: the zone's short name is not
/// known.
base::Result<std::string> format_calendar(const CalendarTime& time, std::string_view format);

}  // namespace steps::builtin
