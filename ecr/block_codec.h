#pragma once
// Compressing block by block, so that several threads can work on one stream: each block stands for itself.
// What the blocks make together is a gzip file or zstd frames; putting them in order is parallel_compressor's
// business.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ecr {

enum class BlockCodec {
  isal,        ///< gzip by ISA-L: ten times the speed of zlib at its ratio of level 1
  libdeflate,  ///< gzip by libdeflate, a member for each block
  zlib,        ///< gzip by zlib, for machines that have nothing else
  zstd,        ///< a frame for each block
};

/// What this program can make gzip with, fastest first.
std::vector<BlockCodec> gzip_codecs();
/// With its level, for records: other encoders make other bytes of the same content.
std::string_view name_of(BlockCodec codec);
/// How much one block should hold: more costs memory, less costs ratio.
std::size_t block_size(BlockCodec codec);

/// Appends the compressed block to `out`. Keeps buffers: one for each thread.
using CompressBlock = std::function<base::Result<void>(std::string_view block, std::string& out)>;
CompressBlock make_block_compressor(BlockCodec codec);

/// Whether all blocks make one gzip member, whose head and end are made apart.
bool is_one_member(BlockCodec codec);
/// The checksum that the end of a gzip member has.
std::uint32_t gzip_checksum(std::string_view block);
/// Of two parts, the second of which has that length.
std::uint32_t joined_checksum(std::uint32_t first, std::uint32_t second, std::uint64_t second_length);
/// No name, no time, no system: the same bytes everywhere (RFC 1952).
std::string gzip_head();
std::string gzip_end(std::uint32_t checksum, std::uint64_t length);

}  // namespace ecr
