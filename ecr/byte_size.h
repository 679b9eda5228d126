#pragma once
// Numbers of bytes as Docker's options have them: 512, 64k, 64m, 2g, 64mb.

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace ecr {

base::Result<std::uint64_t> parse_byte_size(std::string_view text);

}  // namespace ecr
