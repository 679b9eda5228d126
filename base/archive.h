#pragma once
// Tar streams, entry by entry, by libarchive (zip_archive.h has zip). It only parses and formats: files are
// made by who reads, never by path strings of an archive. Compression is not its business, but for bzip2 and
// xz.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace base {

enum class EntryKind { file, directory, symlink, hard_link, fifo, device, other };

struct ArchiveEntry {
  EntryKind kind = EntryKind::file;
  std::string path;         ///< as written: may be absolute or hold ".."
  std::string link_target;  ///< of symlinks and hard links
  std::uint32_t mode = 0;   ///< permission bits with setuid, setgid, sticky
  std::int64_t uid = 0;
  std::int64_t gid = 0;
  std::int64_t mtime = 0;                                       ///< seconds
  std::uint64_t size = 0;                                       ///< of a file's content
  std::vector<std::pair<std::string, std::string>> attributes;  ///< extended attributes
};

enum class ArchiveInput { tar, compressed_tar };

/// Reads a tar: ustar, pax, GNU.
class TarReader {
 public:
  /// Fills up to `size` bytes and returns how many; 0 at the end.
  using Source = std::function<Result<std::size_t>(char* buffer, std::size_t size)>;
  TarReader(Source source, ArchiveInput input);
  TarReader(TarReader&&) noexcept;
  ~TarReader();
  /// Nothing at the end. What the entry before it has left is skipped.
  Result<std::optional<ArchiveEntry>> next();
  /// Content of the current entry, holes filled with zeros; 0 at its end.
  Result<std::size_t> read(char* buffer, std::size_t size);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Writes a tar: ustar, with pax records only where ustar cannot say it.
class TarWriter {
 public:
  using Sink = std::function<Result<void>(std::string_view bytes)>;
  explicit TarWriter(Sink sink);
  TarWriter(TarWriter&&) noexcept;
  ~TarWriter();
  /// A file's content follows by write(), exactly `entry.size` bytes.
  Result<void> add(const ArchiveEntry& entry);
  Result<void> write(std::string_view content);
  /// Writes the end mark; call once.
  Result<void> finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace base
