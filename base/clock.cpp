#include "base/clock.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <ctime>
#include <mutex>

namespace base {

namespace {

// More would overflow the time point that waiting is done by.
constexpr std::chrono::milliseconds kLongestSleep = std::chrono::hours(24 * 365);
constexpr double kLastSecond = 9.0e9;  // the year 2255; system_clock's nanoseconds end in 2262

class SystemClock : public Clock {
 public:
  WallTime now() override { return std::chrono::system_clock::now(); }
  SteadyTime steady_now() override { return std::chrono::steady_clock::now(); }
  bool sleep_for(std::chrono::milliseconds time, std::stop_token stop) override {
    std::mutex mutex;
    std::condition_variable_any woken;
    std::unique_lock lock(mutex);
    woken.wait_for(lock, stop, std::min(time, kLongestSleep), [] { return false; });
    return !stop.stop_requested();
  }
};

std::tm utc(WallTime time) {
  const std::time_t seconds =
      std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time));
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  return parts;
}

}  // namespace

Clock& system_clock() {
  static SystemClock clock;
  return clock;
}

std::string format_iso8601(WallTime time) {
  const auto parts = utc(time);
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(
      time - std::chrono::floor<std::chrono::seconds>(time));
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, milliseconds.count());
}

std::string format_basic_iso8601(WallTime time) {
  const auto parts = utc(time);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

Result<WallTime> parse_basic_iso8601(std::string_view text) {
  std::tm parts{};
  const std::string copy(text);
  const char* end = ::strptime(copy.c_str(), "%Y%m%dT%H%M%SZ", &parts);
  // Centuries away the clock's nanoseconds overflow.
  const bool representable = end != nullptr && parts.tm_year >= -200 && parts.tm_year <= 300;
  const auto time = std::chrono::system_clock::from_time_t(representable ? ::timegm(&parts) : 0);
  // strptime lets spaces, short fields and the 31st of February pass.
  if (!representable || format_basic_iso8601(time) != text) {
    return make_error(ErrorKind::invalid_input,
                      fmt::format("expected a time like 20260817T091502Z, found '{}'", text));
  }
  return time;
}

double to_epoch_seconds(WallTime time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

WallTime from_epoch_seconds(double seconds) {
  if (!(seconds > -kLastSecond)) seconds = -kLastSecond;  // also what is no number
  if (seconds > kLastSecond) seconds = kLastSecond;
  // Apart: a double does not hold today's nanoseconds, and what it loses would fall below the millisecond.
  const double whole = std::floor(seconds);
  const auto fraction = std::chrono::duration<double>(seconds - whole);
  return WallTime(std::chrono::seconds(static_cast<std::int64_t>(whole)) +
                  std::chrono::round<WallTime::duration>(fraction));
}

}  // namespace base
