#pragma once
// The two ways in which AWS writes a time: ISO 8601 in documents, and the Date header of HTTP.

#include <optional>
#include <string_view>

#include "base/clock.h"

namespace aws {

/// 2026-08-17T09:15:02Z, with or without a fraction; also with UTC or +00:00 for the Z. Nothing for any other
/// text.
std::optional<base::WallTime> read_iso8601(std::string_view text);
/// Mon, 17 Aug 2026 09:15:02 GMT
std::optional<base::WallTime> read_http_date(std::string_view text);

}  // namespace aws
