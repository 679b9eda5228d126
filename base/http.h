#pragma once
// What client and server share: messages with case-insensitive headers.

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/strings.h"

namespace base {

using Headers = std::multimap<std::string, std::string, LessIgnoringCase>;

/// The first value of that name, or nothing.
inline std::optional<std::string> header_value(const Headers& headers, std::string_view name) {
  const auto found = headers.find(name);
  if (found == headers.end()) return std::nullopt;
  return found->second;
}

}  // namespace base
