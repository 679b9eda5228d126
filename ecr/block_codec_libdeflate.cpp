#include <libdeflate.h>

#include <memory>

#include "ecr/block_codecs.h"

namespace ecr {

namespace {

struct FreeCompressor {
  void operator()(libdeflate_compressor* compressor) const { ::libdeflate_free_compressor(compressor); }
};

}  // namespace

bool has_libdeflate_blocks() {
  return true;
}

CompressBlock make_libdeflate_blocks() {
  std::shared_ptr<libdeflate_compressor> compressor(::libdeflate_alloc_compressor(1), FreeCompressor());
  return [compressor](std::string_view block, std::string& out) -> base::Result<void> {
    const auto before = out.size();
    out.resize(before + ::libdeflate_gzip_compress_bound(compressor.get(), block.size()));
    const auto size = ::libdeflate_gzip_compress(compressor.get(), block.data(), block.size(),
                                                 out.data() + before, out.size() - before);
    if (size == 0) return base::make_error(base::ErrorKind::internal, "gzip failed");
    out.resize(before + size);
    return {};
  };
}

}  // namespace ecr
