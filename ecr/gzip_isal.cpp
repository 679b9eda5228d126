// gzip by ISA-L: ten times zlib's speed at the ratio of its level 1.
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

// ISA-L takes its input unqualified but does not write to it.
std::uint8_t* input_of(std::string_view bytes) {
  return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(bytes.data()));  // NOLINT
}

}  // namespace

struct GzipEncoder::State {
  ByteSink sink;
  isal_zstream stream{};
  std::vector<std::uint8_t> level_buffer = std::vector<std::uint8_t>(ISAL_DEF_LVL1_DEFAULT);
  std::vector<std::uint8_t> output = std::vector<std::uint8_t>(kBufferBytes);

  Result<void> run(std::string_view bytes, bool last) {
    stream.next_in = input_of(bytes);
    stream.avail_in = static_cast<std::uint32_t>(bytes.size());
    stream.end_of_stream = last ? 1 : 0;
    do {
      stream.next_out = output.data();
      stream.avail_out = static_cast<std::uint32_t>(output.size());
      if (const int code = isal_deflate(&stream); code != COMP_OK) {
        return make_error(ErrorKind::internal, fmt::format("gzip failed with code {}", code));
      }
      const std::size_t count = output.size() - stream.avail_out;
      if (count > 0) TRY(sink({reinterpret_cast<const char*>(output.data()), count}));
    } while (stream.avail_out == 0 || stream.avail_in > 0 ||
             (last && stream.internal_state.state != ZSTATE_END));
    return {};
  }
};

GzipEncoder::GzipEncoder(ByteSink sink) : state_(std::make_unique<State>()) {
  state_->sink = std::move(sink);
  isal_deflate_init(&state_->stream);
  state_->stream.gzip_flag = IGZIP_GZIP;
  state_->stream.level = 1;
  state_->stream.level_buf = state_->level_buffer.data();
  state_->stream.level_buf_size = static_cast<std::uint32_t>(state_->level_buffer.size());
}
GzipEncoder::~GzipEncoder() = default;

Result<void> GzipEncoder::write(std::string_view bytes) {
  constexpr std::size_t kMost = 1U << 30;
  for (; bytes.size() > kMost; bytes.remove_prefix(kMost)) TRY(state_->run(bytes.substr(0, kMost), false));
  return state_->run(bytes, false);
}
Result<void> GzipEncoder::finish() {
  return state_->run({}, true);
}

namespace {

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
