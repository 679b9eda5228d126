// The tar of a layer, whatever its compression, as a tree on disk.
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "base/archive.h"
#include "base/crypto.h"
#include "ecr/archive_names.h"
#include "ecr/compression.h"
#include "ecr/layer.h"
#include "ecr/tree_unpacker.h"

namespace ecr {

using base::Path;
using base::Result;

namespace {

constexpr std::size_t kRestBytes = 256 * 1024;

}  // namespace

Result<Digest> unpack_tar(int tar, const Path& into, const UnpackOptions& options) {
  char beginning[8] = {};
  const ssize_t count = ::pread(tar, beginning, sizeof beginning, 0);
  if (count < 0) return base::system_error("reading the tar", errno);
  const auto compression = detect_compression({beginning, static_cast<std::size_t>(count)});
  ByteSource plain = read_from(tar);
  if (compression == Compression::gzip) plain = gunzip(std::move(plain));
  if (compression == Compression::zstd) plain = unzstd(std::move(plain));
  base::Sha256 digest;
  const PlainLimit limit(options.limits, compression == Compression::none ? 0 : size_before_reading(tar));
  std::uint64_t total = 0;
  const ByteSource hashed = [&](char* buffer, std::size_t size) -> Result<std::size_t> {
    TRY(const std::size_t filled, plain(buffer, size));
    total += filled;
    TRY(limit.check(total));
    digest.update({buffer, filled});
    return filled;
  };
  const bool other = compression == Compression::bzip2 || compression == Compression::xz;
  base::TarReader reader(hashed, other ? base::ArchiveInput::compressed_tar : base::ArchiveInput::tar);
  TRY(auto root, base::open_directory(into));
  TRY(unpack_tree(reader, std::move(root), {.layer = options}));
  // The rest after the end mark belongs to the digest too.
  std::vector<char> rest(kRestBytes);
  while (true) {
    TRY(const std::size_t read, hashed(rest.data(), rest.size()));
    if (read == 0) return Digest::from(digest.finish());
  }
}

}  // namespace ecr
