#pragma once
// Whole files and folders by path. Paths are trusted here; what a step may have put in place (a symlink, a
// FIFO) is opened through open_beneath().

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace base {

using Path = std::filesystem::path;

/// The whole file; larger than `limit` bytes is an error that says so.
Result<std::string> read_file(const Path& path, std::size_t limit = 256U << 20);
/// Through a temporary file in the same folder and a rename, so a reader sees the old or the new content.
Result<void> write_file(const Path& path, std::string_view content, mode_t mode = 0644);
Result<void> append_file(const Path& path, std::string_view content, mode_t mode = 0644);
Result<void> make_directories(const Path& path, mode_t mode = 0755);
/// Removes a file or folder with all in it; that it does not exist is no error. Never follows a symlink.
Result<void> remove_tree(const Path& path);
/// Copies a file or a folder with all in it: modes, times and symlinks kept; reflinks where the disk can.
Result<void> copy_tree(const Path& from, const Path& to);
bool exists(const Path& path);
bool is_directory(const Path& path);
/// Names in the folder, sorted.
Result<std::vector<std::string>> list_directory(const Path& path);

/// Opens `relative` below `directory` by openat2: no component may leave it, by `..`, symlink or magic link.
/// Symlinks that stay inside are followed as if `directory` were the root.
Result<Fd> open_beneath(int directory, const Path& relative, int flags, mode_t mode = 0);
Result<Fd> open_directory(const Path& path);

/// An exclusive lock on a file, held until destroyed; waits for it.
class FileLock {
 public:
  static Result<FileLock> acquire(const Path& path);
  /// Nothing when another process holds it.
  static Result<std::optional<FileLock>> try_acquire(const Path& path);

 private:
  explicit FileLock(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

/// A new empty folder, removed with all in it when destroyed.
class TempDir {
 public:
  /// In $TMPDIR or /tmp, named prefix-XXXXXX, mode 0700.
  static Result<TempDir> create(std::string_view prefix);
  static Result<TempDir> create_in(const Path& parent, std::string_view prefix);
  TempDir(TempDir&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TempDir& operator=(TempDir&& other) noexcept;
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir();
  [[nodiscard]] const Path& path() const { return path_; }
  /// Leaves the folder to the caller.
  void release() { path_.clear(); }

 private:
  explicit TempDir(Path path) : path_(std::move(path)) {}
  Path path_;
};

}  // namespace base
