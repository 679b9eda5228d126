#pragma once
// Tar streams in and out, in all dialects, by libarchive. Knows nothing of layers: names, owners and what may be
// written where is decided by the caller.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace base {

enum class EntryKind { file, folder, symlink, hardlink, character_device, block_device, fifo, other };

struct ArchiveEntry {
  EntryKind kind = EntryKind::file;
  std::string name;        ///< as in the archive; not trusted
  std::string link_target; ///< of symlinks and hard links
  std::uint32_t mode = 0644;
  std::uint64_t uid = 0;
  std::uint64_t gid = 0;
  std::int64_t mtime = 0;  ///< seconds
  std::uint64_t size = 0;  ///< of a file
  std::map<std::string, std::string> attributes;  ///< extended attributes
};

/// Reads a tar, decompressing gzip, zstd, xz and bzip2 by itself when `source` is compressed.
class ArchiveReader {
 public:
  using Source = std::function<Result<std::size_t>(char* buffer, std::size_t size)>;
  static Result<std::unique_ptr<ArchiveReader>> open(Source source);
  ~ArchiveReader();
  /// False at the end.
  Result<bool> next(ArchiveEntry& entry);
  /// The current file's content in pieces; `offset` grows, holes are skipped.
  Result<void> content(const std::function<Result<void>(std::string_view piece, std::uint64_t offset)>& sink);

 private:
  struct State;
  explicit ArchiveReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Writes a pax tar (ustar headers where they suffice) into a sink.
class ArchiveWriter {
 public:
  using Sink = std::function<Result<void>(std::string_view bytes)>;
  static Result<std::unique_ptr<ArchiveWriter>> open(Sink sink);
  ~ArchiveWriter();
  Result<void> header(const ArchiveEntry& entry);
  Result<void> content(std::string_view bytes);
  /// Ends the archive; call once.
  Result<void> finish();

 private:
  struct State;
  explicit ArchiveWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace base
