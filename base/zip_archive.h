#pragma once
// Zip files, entry by entry, by libarchive. As with tar, files are made by who reads, never by path strings
// of an archive.

#include <memory>
#include <optional>

#include "base/archive.h"
#include "base/fd.h"

namespace base {

/// Reads a zip from a file that can be sought in.
class ZipReader {
 public:
  /// The descriptor is borrowed, and read from its beginning.
  explicit ZipReader(int fd);
  ZipReader(ZipReader&&) noexcept;
  ~ZipReader();
  /// Nothing at the end. What the entry before it has left is skipped.
  Result<std::optional<ArchiveEntry>> next();
  /// Content of the current entry; 0 at its end. A wrong checksum is an error.
  Result<std::size_t> read(char* buffer, std::size_t size);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Writes a zip with deflate, or stored with level 0.
class ZipWriter {
 public:
  using Sink = std::function<Result<void>(std::string_view bytes)>;
  ZipWriter(Sink sink, int level);
  ZipWriter(ZipWriter&&) noexcept;
  ~ZipWriter();
  /// Of a file or a folder. A file's content follows by write(), exactly `entry.size` bytes.
  Result<void> add(const ArchiveEntry& entry);
  Result<void> write(std::string_view content);
  /// Writes the directory at the end; call once.
  Result<void> finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace base
