#include "ecr/compression.h"

#include <unistd.h>
#include <zstd.h>

#include <cerrno>
#include <vector>

#include <fmt/format.h>

namespace ecr {

namespace {

using base::ErrorKind;
using base::make_error;
using base::Result;

class Unzstd {
 public:
  explicit Unzstd(ByteSource source)
      : source_(std::move(source)), stream_(ZSTD_createDStream()), input_(ZSTD_DStreamInSize()) {
    ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, 27);  // 128 MiB: more is an attack on memory
  }
  Unzstd(const Unzstd&) = delete;
  Unzstd& operator=(const Unzstd&) = delete;
  ~Unzstd() { ZSTD_freeDStream(stream_); }

  Result<std::size_t> read(char* buffer, std::size_t size) {
    ZSTD_outBuffer output{buffer, size, 0};
    while (output.pos == 0) {
      if (pending_.pos == pending_.size) {
        TRY(const std::size_t count, source_(input_.data(), input_.size()));
        pending_ = {input_.data(), count, 0};
        if (count == 0 && between_frames_) return std::size_t{0};
        if (count == 0 && starved_)
          return make_error(ErrorKind::invalid_input, "the zstd data ends in the middle");
        starved_ = count == 0;
      }
      const std::size_t code = ZSTD_decompressStream(stream_, &output, &pending_);
      if (ZSTD_isError(code) != 0) {
        return make_error(ErrorKind::invalid_input,
                          fmt::format("the zstd data is damaged: {}", ZSTD_getErrorName(code)));
      }
      between_frames_ = code == 0;
    }
    return output.pos;
  }

 private:
  ByteSource source_;
  ZSTD_DStream* stream_;
  std::vector<char> input_;
  ZSTD_inBuffer pending_{nullptr, 0, 0};
  bool between_frames_ = true;
  bool starved_ = false;
};

}  // namespace

ByteSource unzstd(ByteSource compressed) {
  auto decoder = std::make_shared<Unzstd>(std::move(compressed));
  return [decoder](char* buffer, std::size_t size) { return decoder->read(buffer, size); };
}

Compression detect_compression(std::string_view beginning) {
  using namespace std::string_view_literals;
  if (beginning.starts_with("\x1f\x8b"sv)) return Compression::gzip;
  if (beginning.starts_with("\x28\xb5\x2f\xfd"sv)) return Compression::zstd;
  if (beginning.starts_with("BZh"sv)) return Compression::bzip2;
  if (beginning.starts_with("\xfd\x37\x7a\x58\x5a\x00"sv)) return Compression::xz;
  return Compression::none;
}

ByteSource read_from(int fd) {
  return [fd](char* buffer, std::size_t size) -> Result<std::size_t> {
    while (true) {
      const ssize_t count = ::read(fd, buffer, size);
      if (count >= 0) return static_cast<std::size_t>(count);
      if (errno != EINTR) return base::system_error("reading", errno);
    }
  };
}

}  // namespace ecr
