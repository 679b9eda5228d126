#pragma once
// Compressed streams read: gzip by ISA-L where it is there, else zlib; zstd, in which caches are also
// written. Constant memory. Layers are written by parallel_compressor. Not for tar (base/archive) nor for
// digests.

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

#include "base/result.h"

namespace ecr {

using ByteSink = std::function<base::Result<void>(std::string_view bytes)>;
/// Fills up to `size` bytes and returns how many; 0 at the end.
using ByteSource = std::function<base::Result<std::size_t>(char* buffer, std::size_t size)>;

/// One Zstandard frame with a checksum, made by several threads.
class ZstdEncoder {
 public:
  ZstdEncoder(ByteSink sink, int level, unsigned threads);
  ~ZstdEncoder();
  base::Result<void> write(std::string_view bytes);
  /// Ends the frame; call once.
  base::Result<void> finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Gzip, its members concatenated, as plain bytes. Cut or damaged input is an error.
ByteSource gunzip(ByteSource compressed);
/// The same by zlib alone: what gunzip() does in a program that was built without ISA-L.
ByteSource gunzip_by_zlib(ByteSource compressed);
/// Zstandard frames as plain bytes.
ByteSource unzstd(ByteSource compressed);

enum class Compression { none, gzip, zstd, bzip2, xz };
/// By the first bytes.
Compression detect_compression(std::string_view beginning);

/// What `fd` holds from its current offset on.
ByteSource read_from(int fd);

}  // namespace ecr
