#include "aws/time_text.h"

#include <ctime>
#include <string>

namespace aws {

std::optional<base::WallTime> read_iso8601(std::string_view text) {
  for (const std::string_view zone : {"Z", "UTC", "+00:00"}) {
    if (!text.ends_with(zone)) continue;
    text.remove_suffix(zone.size());
    std::string basic;
    for (const char c : text.substr(0, text.find('.'))) {
      if (c != '-' && c != ':') basic += c;
    }
    auto time = base::parse_basic_iso8601(basic + "Z");
    return time ? std::optional(*time) : std::nullopt;
  }
  return std::nullopt;
}

std::optional<base::WallTime> read_http_date(std::string_view text) {
  std::tm parts{};
  const std::string copy(text);
  const char* end = ::strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != 0) return std::nullopt;
  return std::chrono::system_clock::from_time_t(::timegm(&parts));
}

}  // namespace aws
