#include <fmt/format.h>
#include <zstd.h>

#include <vector>

#include "ecr/compression.h"

namespace ecr {

struct ZstdEncoder::State {
  explicit State(ByteSink to) : sink(std::move(to)), output(ZSTD_CStreamOutSize() * 8) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { ZSTD_freeCCtx(context); }

  base::Result<void> feed(std::string_view bytes, ZSTD_EndDirective how) {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    while (true) {
      ZSTD_outBuffer out{output.data(), output.size(), 0};
      const std::size_t left = ZSTD_compressStream2(context, &out, &in, how);
      if (ZSTD_isError(left) != 0) {
        return base::make_error(base::ErrorKind::internal,
                                fmt::format("compressing failed: {}", ZSTD_getErrorName(left)));
      }
      if (out.pos > 0) TRY(sink({output.data(), out.pos}));
      if (how == ZSTD_e_end ? left == 0 : in.pos == in.size) return {};
    }
  }

  ByteSink sink;
  ZSTD_CCtx* context = ZSTD_createCCtx();
  std::vector<char> output;
};

ZstdEncoder::ZstdEncoder(ByteSink sink, int level, unsigned threads)
    : state_(std::make_unique<State>(std::move(sink))) {
  ZSTD_CCtx_setParameter(state_->context, ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(state_->context, ZSTD_c_checksumFlag, 1);
  // Refused by a library without threads, which then does with one.
  ZSTD_CCtx_setParameter(state_->context, ZSTD_c_nbWorkers, static_cast<int>(threads));
}
ZstdEncoder::~ZstdEncoder() = default;

base::Result<void> ZstdEncoder::write(std::string_view bytes) {
  if (bytes.empty()) return {};
  return state_->feed(bytes, ZSTD_e_continue);
}

base::Result<void> ZstdEncoder::finish() {
  return state_->feed({}, ZSTD_e_end);
}

}  // namespace ecr
