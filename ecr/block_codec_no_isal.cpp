// For builds without ISA-L.
#include "base/result.h"
#include "ecr/block_codecs.h"
#include "ecr/compression.h"

namespace ecr {

bool has_isal_blocks() {
  return false;
}

CompressBlock make_isal_blocks() {
  return [](std::string_view, std::string&) -> base::Result<void> {
    return base::make_error(base::ErrorKind::internal, "this program was built without ISA-L");
  };
}

std::uint32_t isal_checksum(std::string_view) {
  return 0;
}

ByteSource gunzip(ByteSource compressed) {
  return gunzip_by_zlib(std::move(compressed));
}

}  // namespace ecr
