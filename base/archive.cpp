#include "base/archive.h"

#include <sys/stat.h>

#include <cerrno>

#include "base/archive_parts.h"

namespace base {

namespace {

using archive_parts::kBufferBytes;
using archive_parts::kind_of;
using archive_parts::text_of;
using archive_parts::Utf8Locale;

std::vector<std::pair<std::string, std::string>> attributes_of(archive_entry* entry) {
  std::vector<std::pair<std::string, std::string>> attributes;
  ::archive_entry_xattr_reset(entry);
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  while (::archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK) {
    if (name != nullptr) attributes.emplace_back(name, std::string(static_cast<const char*>(value), size));
  }
  return attributes;
}

}  // namespace

struct TarReader::State {
  explicit State(Source from) : source(std::move(from)) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { ::archive_read_free(handle); }

  static la_ssize_t on_read(archive* handle, void* user, const void** buffer) {
    auto& state = *static_cast<State*>(user);
    auto count = state.source(state.buffer.data(), state.buffer.size());
    if (!count) {
      state.failure = std::move(count).error();
      ::archive_set_error(handle, EIO, "%s", "the input failed");
      return ARCHIVE_FATAL;
    }
    *buffer = state.buffer.data();
    return static_cast<la_ssize_t>(*count);
  }

  Error error(std::string_view what) { return failure ? *failure : archive_parts::error_of(handle, what); }

  Source source;
  archive* handle = ::archive_read_new();
  std::vector<char> buffer = std::vector<char>(kBufferBytes);
  std::optional<Error> failure;
  bool opened = false;
};

TarReader::TarReader(Source source, ArchiveInput input) : state_(std::make_unique<State>(std::move(source))) {
  ::archive_read_support_format_tar(state_->handle);
  ::archive_read_support_format_empty(state_->handle);
  // Not "all": some of those start a program that the machine happens to have.
  if (input == ArchiveInput::compressed_tar) {
    ::archive_read_support_filter_bzip2(state_->handle);
    ::archive_read_support_filter_xz(state_->handle);
  }
}
TarReader::TarReader(TarReader&&) noexcept = default;
TarReader::~TarReader() = default;

Result<std::optional<ArchiveEntry>> TarReader::next() {
  const Utf8Locale locale;
  if (!state_->opened) {
    if (::archive_read_open(state_->handle, state_.get(), nullptr, State::on_read, nullptr) != ARCHIVE_OK) {
      return state_->error("reading the tar");
    }
    state_->opened = true;
  }
  archive_entry* raw = nullptr;
  const int code = ::archive_read_next_header(state_->handle, &raw);
  if (code == ARCHIVE_EOF) return std::optional<ArchiveEntry>();
  if (code != ARCHIVE_OK && code != ARCHIVE_WARN) return state_->error("reading the tar");
  ArchiveEntry entry;
  entry.kind = kind_of(raw);
  entry.path = text_of(::archive_entry_pathname(raw), ::archive_entry_pathname_utf8(raw));
  if (entry.path.empty())
    return make_error(ErrorKind::invalid_input, "the tar holds an entry whose name cannot be read");
  if (entry.kind == EntryKind::hard_link) {
    entry.link_target = text_of(::archive_entry_hardlink(raw), ::archive_entry_hardlink_utf8(raw));
  } else if (entry.kind == EntryKind::symlink) {
    entry.link_target = text_of(::archive_entry_symlink(raw), ::archive_entry_symlink_utf8(raw));
  } else if (entry.kind == EntryKind::file) {
    if (::archive_entry_size(raw) < 0)
      return make_error(ErrorKind::invalid_input, entry.path + " has a negative size");
    entry.size = static_cast<std::uint64_t>(::archive_entry_size(raw));
  }
  entry.mode = ::archive_entry_perm(raw);
  entry.uid = ::archive_entry_uid(raw);
  entry.gid = ::archive_entry_gid(raw);
  entry.mtime = ::archive_entry_mtime(raw);
  entry.attributes = attributes_of(raw);
  return std::optional<ArchiveEntry>(std::move(entry));
}

Result<std::size_t> TarReader::read(char* buffer, std::size_t size) {
  const auto count = ::archive_read_data(state_->handle, buffer, size);
  if (count < 0) return state_->error("reading the tar");
  return static_cast<std::size_t>(count);
}

struct TarWriter::State : archive_parts::Output {
  using Output::Output;
};

TarWriter::TarWriter(Sink sink) : state_(std::make_unique<State>(std::move(sink))) {
  ::archive_write_set_format_pax_restricted(state_->handle);
  ::archive_write_set_options(state_->handle, "xattrheader=SCHILY");
  ::archive_write_set_bytes_per_block(state_->handle, kBufferBytes);
  ::archive_write_set_bytes_in_last_block(state_->handle, 512);
  state_->open();
}
TarWriter::TarWriter(TarWriter&&) noexcept = default;
TarWriter::~TarWriter() = default;

Result<void> TarWriter::add(const ArchiveEntry& entry) {
  const Utf8Locale locale;
  archive_entry* raw = ::archive_entry_clear(state_->entry);
  ::archive_entry_copy_pathname(raw, entry.path.c_str());
  switch (entry.kind) {
    case EntryKind::directory:
      ::archive_entry_set_filetype(raw, AE_IFDIR);
      break;
    case EntryKind::symlink:
      ::archive_entry_set_filetype(raw, AE_IFLNK);
      ::archive_entry_copy_symlink(raw, entry.link_target.c_str());
      break;
    case EntryKind::hard_link:
      ::archive_entry_set_filetype(raw, AE_IFREG);
      ::archive_entry_copy_hardlink(raw, entry.link_target.c_str());
      break;
    case EntryKind::fifo:
      ::archive_entry_set_filetype(raw, AE_IFIFO);
      break;
    case EntryKind::file:
    case EntryKind::device:
    case EntryKind::other:
      ::archive_entry_set_filetype(raw, AE_IFREG);
      break;
  }
  ::archive_entry_set_perm(raw, entry.mode);
  ::archive_entry_set_uid(raw, entry.uid);
  ::archive_entry_set_gid(raw, entry.gid);
  ::archive_entry_set_mtime(raw, entry.mtime, 0);
  ::archive_entry_set_size(raw, entry.kind == EntryKind::file ? static_cast<la_int64_t>(entry.size) : 0);
  for (const auto& [name, value] : entry.attributes)
    ::archive_entry_xattr_add_entry(raw, name.c_str(), value.data(), value.size());
  const int code = ::archive_write_header(state_->handle, raw);
  if (code != ARCHIVE_OK && code != ARCHIVE_WARN)
    return state_->error("writing " + entry.path + " to the tar");
  return {};
}

Result<void> TarWriter::write(std::string_view content) {
  const auto count = ::archive_write_data(state_->handle, content.data(), content.size());
  if (count < 0 || static_cast<std::size_t>(count) != content.size())
    return state_->error("writing to the tar");
  return {};
}

Result<void> TarWriter::finish() {
  state_->finished = true;
  if (::archive_write_close(state_->handle) != ARCHIVE_OK) return state_->error("ending the tar");
  return {};
}

}  // namespace base
