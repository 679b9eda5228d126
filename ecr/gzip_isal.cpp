// gzip read by ISA-L: three times zlib's speed.
#include <isa-l/igzip_lib.h>

#include <array>
#include <cstdint>
#include <vector>

#include <fmt/format.h>

#include "ecr/compression.h"

namespace ecr {

namespace {

using base::ErrorKind;
using base::make_error;
using base::Result;

constexpr std::size_t kBufferBytes = 256 * 1024;

class Gunzip {
 public:
  explicit Gunzip(ByteSource source) : source_(std::move(source)) { start_member(); }

  Result<std::size_t> read(char* buffer, std::size_t size) {
    state_.next_out = reinterpret_cast<std::uint8_t*>(buffer);
    state_.avail_out = static_cast<std::uint32_t>(std::min<std::size_t>(size, 1U << 30));
    const auto wanted = state_.avail_out;
    while (state_.avail_out == wanted) {
      if (state_.block_state == ISAL_BLOCK_FINISH) {
        TRY(const bool more, next_member());
        if (!more) return std::size_t{0};
      }
      if (state_.avail_in == 0) {
        TRY(const bool filled, fill());
        // What is decoded may still wait inside; without progress the stream is cut.
        if (!filled) ended_ = true;
      }
      const auto before = state_.avail_in;
      const int code = isal_inflate(&state_);
      if (code < 0)
        return make_error(ErrorKind::invalid_input, fmt::format("the gzip data is damaged (code {})", code));
      const bool idle = state_.avail_out == wanted && state_.avail_in == before;
      if (ended_ && idle && state_.block_state != ISAL_BLOCK_FINISH) {
        return make_error(ErrorKind::invalid_input, "the gzip data ends in the middle");
      }
    }
    return static_cast<std::size_t>(wanted - state_.avail_out);
  }

 private:
  void start_member() {
    const auto* next_in = state_.next_in;
    const auto avail_in = state_.avail_in;
    auto* next_out = state_.next_out;
    const auto avail_out = state_.avail_out;
    isal_inflate_init(&state_);
    state_.crc_flag = ISAL_GZIP;
    state_.next_in = const_cast<std::uint8_t*>(next_in);  // NOLINT
    state_.avail_in = avail_in;
    state_.next_out = next_out;
    state_.avail_out = avail_out;
  }

  Result<bool> fill() {
    TRY(const std::size_t count, source_(reinterpret_cast<char*>(input_.data()), input_.size()));
    state_.next_in = input_.data();
    state_.avail_in = static_cast<std::uint32_t>(count);
    return count > 0;
  }

  // Zeros after the last member are padding; anything else must be another member.
  Result<bool> next_member() {
    while (true) {
      while (state_.avail_in > 0 && *state_.next_in == 0) {
        ++state_.next_in;
        --state_.avail_in;
      }
      if (state_.avail_in > 0) break;
      TRY(const bool filled, fill());
      if (!filled) return false;
    }
    start_member();
    return true;
  }

  ByteSource source_;
  inflate_state state_{};
  std::array<std::uint8_t, kBufferBytes> input_{};
  bool ended_ = false;
};

}  // namespace

ByteSource gunzip(ByteSource compressed) {
  auto decoder = std::make_shared<Gunzip>(std::move(compressed));
  return [decoder](char* buffer, std::size_t size) { return decoder->read(buffer, size); };
}

}  // namespace ecr
