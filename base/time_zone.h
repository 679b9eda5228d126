#pragma once
// How far the clocks of a time zone are ahead of UTC at a time, from the machine's zone files (RFC 8536).
// C++20's own time zones are not in g++ 12. Not for formatting times.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/result.h"

namespace base {

class TimeZone {
 public:
  /// By its IANA name, Europe/Vienna; UTC needs no file. not_found names what there is none of.
  static Result<TimeZone> load(std::string_view name, const Path& folder = "/usr/share/zoneinfo");
  /// The content of a zone file.
  static Result<TimeZone> parse(std::string_view content);

  /// Seconds ahead of UTC at a time, in seconds since 1970.
  [[nodiscard]] std::int64_t offset_at(std::int64_t utc) const;

 private:
  /// A day of each year and a time on it: `M3.2.0/2`, `J60`, `59` (POSIX TZ).
  struct Change {
    enum class Kind { weekday_of_month, day_without_leap, day } kind = Kind::day;
    int month = 1;
    int week = 1;
    int weekday = 0;
    int day = 0;
    std::int64_t seconds = 7200;  ///< of local time
  };
  /// What holds after the last transition of the file.
  struct Rule {
    std::int64_t standard = 0;
    std::int64_t summer = 0;
    std::optional<Change> begin;
    std::optional<Change> end;
  };
  struct Transition {
    std::int64_t at = 0;
    std::int64_t offset = 0;
  };

  static std::optional<Rule> parse_rule(std::string_view text);
  static std::optional<Change> parse_change(std::string_view& text);
  static std::int64_t seconds_into_year(const Change& change, int year);
  [[nodiscard]] std::int64_t offset_by_rule(std::int64_t utc) const;

  std::int64_t first_offset_ = 0;  ///< before the first transition
  std::vector<Transition> transitions_;
  std::optional<Rule> rule_;
};

}  // namespace base
