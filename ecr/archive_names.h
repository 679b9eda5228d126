#pragma once
// Names in archives that may be hostile: as paths that stay inside, as text that harms no terminal; and how
// large what they hold may become.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/files.h"
#include "base/result.h"
#include "ecr/layer.h"

namespace ecr {

/// A name for people: it may hold line breaks and what moves a cursor, and be of any length.
std::string shown(std::string_view name);
/// The parts of a name, or an error when it leads out. A leading slash means the root of the image.
base::Result<base::Path> inside_path(const std::string& name);

/// How many bytes a tar may become.
class PlainLimit {
 public:
  /// `compressed_size` is 0 when it is not known; then growth has no limit of its own.
  PlainLimit(const UnpackLimits& limits, std::uint64_t compressed_size);
  [[nodiscard]] base::Result<void> check(std::uint64_t size) const;

 private:
  UnpackLimits limits_;
  std::uint64_t compressed_size_;
};
/// Of a file; 0 when it cannot be known before the end, as of a pipe.
std::uint64_t size_before_reading(int fd);

}  // namespace ecr
