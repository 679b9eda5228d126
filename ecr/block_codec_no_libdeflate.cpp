// For builds without libdeflate.
#include "base/result.h"
#include "ecr/block_codecs.h"

namespace ecr {

bool has_libdeflate_blocks() {
  return false;
}

CompressBlock make_libdeflate_blocks() {
  return [](std::string_view, std::string&) -> base::Result<void> {
    return base::make_error(base::ErrorKind::internal, "this program was built without libdeflate");
  };
}

}  // namespace ecr
