#pragma once
// Time, one of the six interfaces: tests use tests/fakes/fake_clock.h. Limits use the monotonic side.

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>

#include "base/result.h"

namespace base {

using WallTime = std::chrono::system_clock::time_point;
using SteadyTime = std::chrono::steady_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime now() = 0;
  virtual SteadyTime steady_now() = 0;
  /// False when `stop` came first.
  virtual bool sleep_for(std::chrono::milliseconds time, std::stop_token stop) = 0;
};

/// The machine's clock; lives as long as the program.
Clock& system_clock();

/// 2026-08-17T09:15:02.123Z
std::string format_iso8601(WallTime time);
/// 20260817T091502Z, as SigV4 has it.
std::string format_basic_iso8601(WallTime time);
Result<WallTime> parse_basic_iso8601(std::string_view text);
double to_epoch_seconds(WallTime time);
WallTime from_epoch_seconds(double seconds);

}  // namespace base
