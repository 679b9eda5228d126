#include "base/zip_archive.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "base/archive_parts.h"

namespace base {

using archive_parts::kBufferBytes;
using archive_parts::Utf8Locale;

struct ZipReader::State {
  explicit State(int from) : fd(from) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { ::archive_read_free(handle); }

  int fd;
  archive* handle = ::archive_read_new();
  bool opened = false;
};

ZipReader::ZipReader(int fd) : state_(std::make_unique<State>(fd)) {
  ::archive_read_support_format_zip_seekable(state_->handle);
}
ZipReader::ZipReader(ZipReader&&) noexcept = default;
ZipReader::~ZipReader() = default;

Result<std::optional<ArchiveEntry>> ZipReader::next() {
  const Utf8Locale locale;
  if (!state_->opened) {
    if (::lseek(state_->fd, 0, SEEK_SET) < 0) return system_error("reading the zip", errno);
    if (::archive_read_open_fd(state_->handle, state_->fd, kBufferBytes) != ARCHIVE_OK)
      return archive_parts::error_of(state_->handle, "reading the zip");
    state_->opened = true;
  }
  archive_entry* raw = nullptr;
  const int code = ::archive_read_next_header(state_->handle, &raw);
  if (code == ARCHIVE_EOF) return std::optional<ArchiveEntry>();
  if (code != ARCHIVE_OK && code != ARCHIVE_WARN)
    return archive_parts::error_of(state_->handle, "reading the zip");
  ArchiveEntry entry;
  entry.kind = archive_parts::kind_of(raw);
  entry.path = archive_parts::text_of(::archive_entry_pathname(raw), ::archive_entry_pathname_utf8(raw));
  if (entry.path.empty())
    return make_error(ErrorKind::invalid_input, "the zip holds an entry whose name cannot be read");
  if (entry.kind == EntryKind::symlink) {
    entry.link_target =
        archive_parts::text_of(::archive_entry_symlink(raw), ::archive_entry_symlink_utf8(raw));
  }
  if (::archive_entry_size_is_set(raw) != 0 && ::archive_entry_size(raw) > 0)
    entry.size = static_cast<std::uint64_t>(::archive_entry_size(raw));
  entry.mode = ::archive_entry_perm(raw);
  entry.mtime = ::archive_entry_mtime(raw);
  return std::optional<ArchiveEntry>(std::move(entry));
}

Result<std::size_t> ZipReader::read(char* buffer, std::size_t size) {
  const auto count = ::archive_read_data(state_->handle, buffer, size);
  if (count < 0) return archive_parts::error_of(state_->handle, "reading the zip");
  return static_cast<std::size_t>(count);
}

struct ZipWriter::State : archive_parts::Output {
  using Output::Output;
};

ZipWriter::ZipWriter(Sink sink, int level) : state_(std::make_unique<State>(std::move(sink))) {
  const Utf8Locale locale;
  ::archive_write_set_format_zip(state_->handle);
  const auto options = level == 0 ? std::string("zip:compression=store")
                                  : fmt::format("zip:compression=deflate,zip:compression-level={}", level);
  ::archive_write_set_options(state_->handle, options.c_str());
  ::archive_write_set_bytes_per_block(state_->handle, kBufferBytes);
  ::archive_write_set_bytes_in_last_block(state_->handle, 1);
  state_->open();
}
ZipWriter::ZipWriter(ZipWriter&&) noexcept = default;
ZipWriter::~ZipWriter() = default;

Result<void> ZipWriter::add(const ArchiveEntry& entry) {
  const Utf8Locale locale;
  archive_entry* raw = ::archive_entry_clear(state_->entry);
  ::archive_entry_copy_pathname(raw, entry.path.c_str());
  const bool is_folder = entry.kind == EntryKind::directory;
  ::archive_entry_set_filetype(raw, is_folder ? AE_IFDIR : AE_IFREG);
  ::archive_entry_set_perm(raw, entry.mode);
  ::archive_entry_set_mtime(raw, entry.mtime, 0);
  ::archive_entry_set_size(raw, is_folder ? 0 : static_cast<la_int64_t>(entry.size));
  const int code = ::archive_write_header(state_->handle, raw);
  if (code != ARCHIVE_OK && code != ARCHIVE_WARN)
    return state_->error("writing " + entry.path + " to the zip");
  return {};
}

Result<void> ZipWriter::write(std::string_view content) {
  while (!content.empty()) {
    const auto count = ::archive_write_data(state_->handle, content.data(), content.size());
    if (count <= 0) return state_->error("writing to the zip");
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

Result<void> ZipWriter::finish() {
  state_->finished = true;
  if (::archive_write_close(state_->handle) != ARCHIVE_OK) return state_->error("ending the zip");
  return {};
}

}  // namespace base
