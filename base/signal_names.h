#pragma once
// Signals as people and images write them.

#include <optional>
#include <string_view>

namespace base {

/// `15`, `TERM`, `SIGTERM`, `SIGRTMIN+3`, in upper or lower case; nothing when there is no such signal.
std::optional<int> signal_number(std::string_view text);

}  // namespace base
