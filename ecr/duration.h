#pragma once
// Durations as Go writes them: 1m30s, 500ms, 1.5h.

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace ecr {

/// Nanoseconds. Negative ones and those over a hundred years are errors.
base::Result<std::int64_t> parse_go_duration(std::string_view text);

}  // namespace ecr
