// gzip read by zlib.
#include <zlib.h>

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

#include "ecr/compression.h"

namespace ecr {

namespace {

using base::ErrorKind;
using base::make_error;
using base::Result;

constexpr std::size_t kZlibBufferBytes = 256 * 1024;
constexpr int kGzipHeader = 16 + MAX_WBITS;

class ZlibGunzip {
 public:
  explicit ZlibGunzip(ByteSource source) : source_(std::move(source)) { inflateInit2(&stream_, kGzipHeader); }
  ZlibGunzip(const ZlibGunzip&) = delete;
  ZlibGunzip& operator=(const ZlibGunzip&) = delete;
  ~ZlibGunzip() { inflateEnd(&stream_); }

  Result<std::size_t> read(char* buffer, std::size_t size) {
    stream_.next_out = reinterpret_cast<Bytef*>(buffer);
    stream_.avail_out = static_cast<uInt>(std::min<std::size_t>(size, 1U << 30));
    const auto wanted = stream_.avail_out;
    while (stream_.avail_out == wanted) {
      if (member_ended_) {
        TRY(const bool more, next_member());
        if (!more) return std::size_t{0};
      }
      if (stream_.avail_in == 0) TRY(fill());
      const int code = inflate(&stream_, Z_NO_FLUSH);
      if (code == Z_STREAM_END) {
        member_ended_ = true;
      } else if (code == Z_BUF_ERROR && stream_.avail_in == 0) {
        return make_error(ErrorKind::invalid_input, "the gzip data ends in the middle");
      } else if (code != Z_OK) {
        return make_error(ErrorKind::invalid_input, fmt::format("the gzip data is damaged (code {})", code));
      }
    }
    return static_cast<std::size_t>(wanted - stream_.avail_out);
  }

 private:
  Result<void> fill() {
    TRY(const std::size_t count, source_(reinterpret_cast<char*>(input_.data()), input_.size()));
    stream_.next_in = input_.data();
    stream_.avail_in = static_cast<uInt>(count);
    return {};
  }

  // Zeros after the last member are padding; anything else must be another member.
  Result<bool> next_member() {
    while (true) {
      while (stream_.avail_in > 0 && *stream_.next_in == 0) {
        ++stream_.next_in;
        --stream_.avail_in;
      }
      if (stream_.avail_in > 0) break;
      TRY(fill());
      if (stream_.avail_in == 0) return false;
    }
    inflateReset(&stream_);
    member_ended_ = false;
    return true;
  }

  ByteSource source_;
  z_stream stream_{};
  std::array<Bytef, kZlibBufferBytes> input_{};
  bool member_ended_ = false;
};

}  // namespace

ByteSource gunzip_by_zlib(ByteSource compressed) {
  auto decoder = std::make_shared<ZlibGunzip>(std::move(compressed));
  return [decoder](char* buffer, std::size_t size) { return decoder->read(buffer, size); };
}

}  // namespace ecr
