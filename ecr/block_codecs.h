#pragma once
// The libraries behind block_codec that a build may lack, one file each. For block_codec.cpp only.

#include <cstdint>
#include <string_view>

#include "ecr/block_codec.h"

namespace ecr {

bool has_isal_blocks();
CompressBlock make_isal_blocks();
std::uint32_t isal_checksum(std::string_view block);

bool has_libdeflate_blocks();
CompressBlock make_libdeflate_blocks();

}  // namespace ecr
