#include "ecr/block_codec.h"

#include <zlib.h>
#include <zstd.h>

#include <memory>

#include <fmt/format.h>

#include "ecr/block_codecs.h"

namespace ecr {

namespace {

using base::ErrorKind;
using base::make_error;
using base::Result;

constexpr std::size_t kGzipBlockBytes = 256 * 1024;
constexpr std::size_t kZstdBlockBytes = 1024 * 1024;
constexpr int kZstdLevel = 3;
constexpr std::size_t kMostStored = 65'535;

void append_little_endian(std::string& text, std::uint32_t number) {
  for (int shift = 0; shift < 32; shift += 8) text += static_cast<char>((number >> shift) & 0xff);
}

/// Raw deflate that ends at a byte and starts with an empty window.
class ZlibBlocks {
 public:
  ZlibBlocks() { ::deflateInit2(&stream_, 1, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY); }
  ZlibBlocks(const ZlibBlocks&) = delete;
  ZlibBlocks& operator=(const ZlibBlocks&) = delete;
  ~ZlibBlocks() { ::deflateEnd(&stream_); }

  Result<void> compress(std::string_view block, std::string& out) {
    ::deflateReset(&stream_);
    const auto before = out.size();
    out.resize(before + ::deflateBound(&stream_, block.size()) + 16);
    stream_.next_in =
        const_cast<Bytef*>(reinterpret_cast<const Bytef*>(block.data()));  // NOLINT: not written to
    stream_.avail_in = static_cast<uInt>(block.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data()) + before;
    stream_.avail_out = static_cast<uInt>(out.size() - before);
    if (::deflate(&stream_, Z_FULL_FLUSH) != Z_OK || stream_.avail_in > 0)
      return make_error(ErrorKind::internal, "gzip failed");
    out.resize(out.size() - stream_.avail_out);
    return {};
  }

 private:
  z_stream stream_{};
};

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

CompressBlock make_zstd_blocks() {
  std::shared_ptr<ZSTD_CCtx> context(ZSTD_createCCtx(), FreeContext());
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kZstdLevel);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  return [context](std::string_view block, std::string& out) -> Result<void> {
    const auto before = out.size();
    out.resize(before + ZSTD_compressBound(block.size()));
    const auto size =
        ZSTD_compress2(context.get(), out.data() + before, out.size() - before, block.data(), block.size());
    if (ZSTD_isError(size) != 0)
      return make_error(ErrorKind::internal, fmt::format("zstd failed: {}", ZSTD_getErrorName(size)));
    out.resize(before + size);
    return {};
  };
}

// Blocks that do not shrink are stored: it takes no time, and adds less than what an encoder would.
void store_block(std::string_view block, std::string& out) {
  while (!block.empty()) {
    const auto piece = block.substr(0, kMostStored);
    const auto length = static_cast<std::uint32_t>(piece.size());
    out += '\0';
    append_little_endian(out, length | (~length << 16));
    out += piece;
    block.remove_prefix(piece.size());
  }
}

// A look at two places tells; it depends on nothing but the block, so that the same content makes the same
// bytes.
Result<bool> looks_packed(const CompressBlock& compress, std::string_view block, std::string& scratch) {
  constexpr std::size_t kSample = 4 * 1024;
  constexpr std::size_t kSamples = 2;
  if (block.size() < 2 * kSamples * kSample) return false;
  for (std::size_t i = 0; i < kSamples; ++i) {
    scratch.clear();
    TRY(compress(block.substr(i * (block.size() / kSamples), kSample), scratch));
    if (scratch.size() < kSample - (kSample / 50)) return false;
  }
  return true;
}

CompressBlock storing_what_is_packed(CompressBlock compress) {
  return [compress = std::move(compress), scratch = std::make_shared<std::string>()](
             std::string_view block, std::string& out) -> Result<void> {
    TRY(const bool packed, looks_packed(compress, block, *scratch));
    if (!packed) return compress(block, out);
    store_block(block, out);
    return {};
  };
}

}  // namespace

std::vector<BlockCodec> gzip_codecs() {
  std::vector<BlockCodec> codecs;
  if (has_isal_blocks()) codecs.push_back(BlockCodec::isal);
  if (has_libdeflate_blocks()) codecs.push_back(BlockCodec::libdeflate);
  codecs.push_back(BlockCodec::zlib);
  return codecs;
}

std::string_view name_of(BlockCodec codec) {
  switch (codec) {
    case BlockCodec::isal:
      return "gzip-isal-2";
    case BlockCodec::libdeflate:
      return "gzip-libdeflate-1";
    case BlockCodec::zlib:
      return "gzip-zlib-1";
    case BlockCodec::zstd:
      break;
  }
  return "zstd-3";
}

std::size_t block_size(BlockCodec codec) {
  return codec == BlockCodec::zstd ? kZstdBlockBytes : kGzipBlockBytes;
}

CompressBlock make_block_compressor(BlockCodec codec) {
  switch (codec) {
    case BlockCodec::isal:
      return storing_what_is_packed(make_isal_blocks());
    case BlockCodec::libdeflate:
      return make_libdeflate_blocks();
    case BlockCodec::zlib:
      return storing_what_is_packed(
          [blocks = std::make_shared<ZlibBlocks>()](std::string_view block, std::string& out) {
            return blocks->compress(block, out);
          });
    case BlockCodec::zstd:
      break;
  }
  return make_zstd_blocks();
}

bool is_one_member(BlockCodec codec) {
  return codec == BlockCodec::isal || codec == BlockCodec::zlib;
}

std::uint32_t gzip_checksum(std::string_view block) {
  if (has_isal_blocks()) return isal_checksum(block);
  return static_cast<std::uint32_t>(::crc32_z(0, reinterpret_cast<const Bytef*>(block.data()), block.size()));
}

std::uint32_t joined_checksum(std::uint32_t first, std::uint32_t second, std::uint64_t second_length) {
  return static_cast<std::uint32_t>(::crc32_combine(first, second, static_cast<z_off_t>(second_length)));
}

std::string gzip_head() {
  return {"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", 10};
}

std::string gzip_end(std::uint32_t checksum, std::uint64_t length) {
  std::string end("\x01\x00\x00\xff\xff", 5);  // an empty block that is the last one
  append_little_endian(end, checksum);
  append_little_endian(end, static_cast<std::uint32_t>(length));
  return end;
}

}  // namespace ecr
