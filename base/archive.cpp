#include "base/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <optional>
#include <vector>

namespace base {

namespace {

constexpr std::size_t kBlock = 256 * 1024;

Error archive_failure(archive* handle, std::string_view what) {
  const char* text = archive_error_string(handle);
  return make_error(ErrorKind::invalid_input, fmt::format("{}: {}", what, text == nullptr ? "unknown error" : text));
}

EntryKind kind_of(archive_entry* entry) {
  if (archive_entry_hardlink(entry) != nullptr) return EntryKind::hardlink;
  switch (archive_entry_filetype(entry)) {
    case AE_IFREG: return EntryKind::file;
    case AE_IFDIR: return EntryKind::folder;
    case AE_IFLNK: return EntryKind::symlink;
    case AE_IFCHR: return EntryKind::character_device;
    case AE_IFBLK: return EntryKind::block_device;
    case AE_IFIFO: return EntryKind::fifo;
    default: return EntryKind::other;
  }
}

unsigned file_type_of(EntryKind kind) {
  switch (kind) {
    case EntryKind::folder: return AE_IFDIR;
    case EntryKind::symlink: return AE_IFLNK;
    case EntryKind::character_device: return AE_IFCHR;
    case EntryKind::block_device: return AE_IFBLK;
    case EntryKind::fifo: return AE_IFIFO;
    default: return AE_IFREG;
  }
}

std::string text_of(const char* text) { return text == nullptr ? "" : text; }

}  // namespace

struct ArchiveReader::State {
  archive* handle = archive_read_new();
  Source source;
  std::vector<char> buffer = std::vector<char>(kBlock);
  std::optional<Error> failure;
  ~State() { archive_read_free(handle); }

  static la_ssize_t read(archive* handle, void* user, const void** block) {
    auto& state = *static_cast<State*>(user);
    auto count = state.source(state.buffer.data(), state.buffer.size());
    if (!count) {
      archive_set_error(handle, EIO, "%s", count.error().message.c_str());
      state.failure = std::move(count).error();
      return -1;
    }
    *block = state.buffer.data();
    return static_cast<la_ssize_t>(*count);
  }
};

ArchiveReader::ArchiveReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
ArchiveReader::~ArchiveReader() = default;

Result<std::unique_ptr<ArchiveReader>> ArchiveReader::open(Source source) {
  auto state = std::make_unique<State>();
  state->source = std::move(source);
  archive_read_support_format_tar(state->handle);
  archive_read_support_format_empty(state->handle);
  archive_read_support_filter_all(state->handle);
  if (archive_read_open(state->handle, state.get(), nullptr, State::read, nullptr) != ARCHIVE_OK) {
    if (state->failure) return std::move(*state->failure);
    return archive_failure(state->handle, "reading the archive");
  }
  return std::unique_ptr<ArchiveReader>(new ArchiveReader(std::move(state)));
}

Result<bool> ArchiveReader::next(ArchiveEntry& entry) {
  archive_entry* raw = nullptr;
  const int code = archive_read_next_header(state_->handle, &raw);
  if (code == ARCHIVE_EOF) return false;
  if (code < ARCHIVE_WARN) {
    if (state_->failure) return std::move(*state_->failure);
    return archive_failure(state_->handle, "reading the archive");
  }
  entry = {.kind = kind_of(raw),
           .name = text_of(archive_entry_pathname(raw)),
           .mode = static_cast<std::uint32_t>(archive_entry_perm(raw)),
           .uid = static_cast<std::uint64_t>(archive_entry_uid(raw)),
           .gid = static_cast<std::uint64_t>(archive_entry_gid(raw)),
           .mtime = archive_entry_mtime(raw),
           .size = static_cast<std::uint64_t>(std::max<la_int64_t>(archive_entry_size(raw), 0))};
  entry.link_target = entry.kind == EntryKind::hardlink ? text_of(archive_entry_hardlink(raw)) : text_of(archive_entry_symlink(raw));
  archive_entry_xattr_reset(raw);
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  while (archive_entry_xattr_next(raw, &name, &value, &size) == ARCHIVE_OK) {
    entry.attributes[name] = std::string(static_cast<const char*>(value), size);
  }
  return true;
}

Result<void> ArchiveReader::content(const std::function<Result<void>(std::string_view, std::uint64_t)>& sink) {
  while (true) {
    const void* block = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    const int code = archive_read_data_block(state_->handle, &block, &size, &offset);
    if (code == ARCHIVE_EOF) return {};
    if (code < ARCHIVE_WARN) {
      if (state_->failure) return std::move(*state_->failure);
      return archive_failure(state_->handle, "reading a file of the archive");
    }
    if (size > 0) TRY(sink({static_cast<const char*>(block), size}, static_cast<std::uint64_t>(offset)));
  }
}

struct ArchiveWriter::State {
  archive* handle = archive_write_new();
  Sink sink;
  std::optional<Error> failure;
  ~State() { archive_write_free(handle); }

  static la_ssize_t write(archive* handle, void* user, const void* block, std::size_t size) {
    auto& state = *static_cast<State*>(user);
    auto written = state.sink({static_cast<const char*>(block), size});
    if (written) return static_cast<la_ssize_t>(size);
    archive_set_error(handle, EIO, "%s", written.error().message.c_str());
    state.failure = std::move(written).error();
    return -1;
  }

  Error error(std::string_view what) {
    if (failure) return std::move(*failure);
    return archive_failure(handle, what);
  }
};

ArchiveWriter::ArchiveWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
ArchiveWriter::~ArchiveWriter() = default;

Result<std::unique_ptr<ArchiveWriter>> ArchiveWriter::open(Sink sink) {
  auto state = std::make_unique<State>();
  state->sink = std::move(sink);
  archive_write_set_format_pax_restricted(state->handle);
  archive_write_set_bytes_per_block(state->handle, kBlock);
  archive_write_set_bytes_in_last_block(state->handle, 1);
  if (archive_write_open(state->handle, state.get(), nullptr, State::write, nullptr) != ARCHIVE_OK) {
    return state->error("starting an archive");
  }
  return std::unique_ptr<ArchiveWriter>(new ArchiveWriter(std::move(state)));
}

Result<void> ArchiveWriter::header(const ArchiveEntry& entry) {
  archive_entry* raw = archive_entry_new();
  archive_entry_set_pathname(raw, entry.name.c_str());
  archive_entry_set_filetype(raw, file_type_of(entry.kind));
  archive_entry_set_perm(raw, entry.mode);
  archive_entry_set_uid(raw, static_cast<la_int64_t>(entry.uid));
  archive_entry_set_gid(raw, static_cast<la_int64_t>(entry.gid));
  archive_entry_set_mtime(raw, entry.mtime, 0);
  archive_entry_set_size(raw, entry.kind == EntryKind::file ? static_cast<la_int64_t>(entry.size) : 0);
  if (entry.kind == EntryKind::symlink) archive_entry_set_symlink(raw, entry.link_target.c_str());
  if (entry.kind == EntryKind::hardlink) archive_entry_set_hardlink(raw, entry.link_target.c_str());
  for (const auto& [name, value] : entry.attributes) archive_entry_xattr_add_entry(raw, name.c_str(), value.data(), value.size());
  const int code = archive_write_header(state_->handle, raw);
  archive_entry_free(raw);
  if (code < ARCHIVE_WARN) return state_->error("writing " + entry.name);
  return {};
}

Result<void> ArchiveWriter::content(std::string_view bytes) {
  if (archive_write_data(state_->handle, bytes.data(), bytes.size()) < 0) return state_->error("writing a file");
  return {};
}

Result<void> ArchiveWriter::finish() {
  if (archive_write_close(state_->handle) != ARCHIVE_OK) return state_->error("ending the archive");
  return {};
}

}  // namespace base
