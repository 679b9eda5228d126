#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>

#include <memory>
#include <vector>

#include <fmt/format.h>

#include "ecr/block_codecs.h"

namespace ecr {

namespace {

using base::Result;

struct IsalBlocks {
  isal_zstream stream{};
  std::vector<std::uint8_t> level_buffer = std::vector<std::uint8_t>(ISAL_DEF_LVL2_DEFAULT);

  Result<void> compress(std::string_view block, std::string& out) {
    const auto before = out.size();
    out.resize(before + block.size() + block.size() / 1000 + 1024);
    ::isal_deflate_stateless_init(&stream);
    stream.level = 2;  // no slower than 1, and smaller
    stream.level_buf = level_buffer.data();
    stream.level_buf_size = static_cast<std::uint32_t>(level_buffer.size());
    stream.flush = FULL_FLUSH;
    // ISA-L takes its input unqualified but does not write to it.
    stream.next_in =
        const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(block.data()));  // NOLINT
    stream.avail_in = static_cast<std::uint32_t>(block.size());
    stream.next_out = reinterpret_cast<std::uint8_t*>(out.data()) + before;
    stream.avail_out = static_cast<std::uint32_t>(out.size() - before);
    if (const int code = ::isal_deflate_stateless(&stream); code != COMP_OK)
      return base::make_error(base::ErrorKind::internal, fmt::format("gzip failed with code {}", code));
    out.erase(out.size() - stream.avail_out);
    return {};
  }
};

}  // namespace

bool has_isal_blocks() {
  return true;
}

CompressBlock make_isal_blocks() {
  return [blocks = std::make_shared<IsalBlocks>()](std::string_view block, std::string& out) {
    return blocks->compress(block, out);
  };
}

std::uint32_t isal_checksum(std::string_view block) {
  return ::crc32_gzip_refl(0, reinterpret_cast<const unsigned char*>(block.data()), block.size());
}

}  // namespace ecr
