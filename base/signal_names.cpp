#include "base/signal_names.h"

#include <array>
#include <csignal>
#include <cstring>
#include <utility>

#include "base/strings.h"

namespace base {
namespace {

constexpr int kLastNamedSignal = 31;
// Further names of signals that have another one in the C library's table.
constexpr std::array<std::pair<std::string_view, int>, 3> kOtherNames{
    {{"IO", SIGIO}, {"IOT", SIGIOT}, {"CLD", SIGCLD}}};

/// `RTMIN+3`, `RTMAX-1`; without the part behind the sign, the first or the last of them.
std::optional<int> realtime_signal(std::string_view name) {
  const bool from_first = name.starts_with("RTMIN");
  if (!from_first && !name.starts_with("RTMAX")) return std::nullopt;
  const auto rest = name.substr(5);
  if (rest.empty()) return from_first ? SIGRTMIN : SIGRTMAX;
  const auto distance = rest[0] == (from_first ? '+' : '-') ? parse_integer(rest.substr(1)) : std::nullopt;
  if (!distance || *distance < 0 || *distance > SIGRTMAX - SIGRTMIN) return std::nullopt;
  return from_first ? SIGRTMIN + static_cast<int>(*distance) : SIGRTMAX - static_cast<int>(*distance);
}

}  // namespace

std::optional<int> signal_number(std::string_view text) {
  if (const auto number = parse_integer(text)) {
    const bool exists = *number > 0 && *number <= SIGRTMAX;
    return exists ? std::optional(static_cast<int>(*number)) : std::nullopt;
  }
  const auto upper = to_upper(text);
  const auto name = std::string_view(upper).substr(upper.starts_with("SIG") ? 3 : 0);
  for (int number = 1; number <= kLastNamedSignal; ++number) {
    if (const char* known = ::sigabbrev_np(number); known != nullptr && name == known) return number;
  }
  for (const auto& [other, number] : kOtherNames) {
    if (name == other) return number;
  }
  return realtime_signal(name);
}

}  // namespace base
