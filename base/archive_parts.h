#pragma once
// What reading and writing archives by libarchive have in common. Internal to archive.cpp and
// zip_archive.cpp.

#include <archive.h>
#include <archive_entry.h>

#include <cerrno>
#include <clocale>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/archive.h"

namespace base::archive_parts {

inline constexpr std::size_t kBufferBytes = 256 * 1024;

/// Names in archives are UTF-8; libarchive converts them by the locale, and in "C" it loses them.
class Utf8Locale {
 public:
  Utf8Locale() : before_(::uselocale(utf8())) {}
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;
  ~Utf8Locale() { ::uselocale(before_); }

 private:
  static locale_t utf8() {
    static const locale_t locale = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return locale == nullptr ? LC_GLOBAL_LOCALE : locale;
  }
  locale_t before_;
};

inline Error error_of(archive* handle, std::string_view what) {
  const char* text = ::archive_error_string(handle);
  return make_error(ErrorKind::invalid_input,
                    std::string(what) + ": " + (text != nullptr ? text : "unknown fault"));
}

inline std::string text_of(const char* multi_byte, const char* utf8) {
  if (multi_byte != nullptr) return multi_byte;
  return utf8 != nullptr ? utf8 : "";
}

inline EntryKind kind_of(archive_entry* entry) {
  if (::archive_entry_hardlink(entry) != nullptr || ::archive_entry_hardlink_utf8(entry) != nullptr)
    return EntryKind::hard_link;
  switch (::archive_entry_filetype(entry)) {
    case AE_IFREG:
      return EntryKind::file;
    case AE_IFDIR:
      return EntryKind::directory;
    case AE_IFLNK:
      return EntryKind::symlink;
    case AE_IFIFO:
      return EntryKind::fifo;
    case AE_IFCHR:
    case AE_IFBLK:
      return EntryKind::device;
    default:
      return EntryKind::other;
  }
}

/// An archive that is being written, and where it goes.
struct Output {
  using Sink = std::function<Result<void>(std::string_view bytes)>;

  explicit Output(Sink to) : sink(std::move(to)) {}
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  ~Output() {
    if (entry != nullptr) ::archive_entry_free(entry);
    // An archive that is given up gets no end mark. Closing writes one, but leaks nothing as
    // archive_write_fail does.
    given_up = !finished;
    ::archive_write_close(handle);
    ::archive_write_free(handle);
  }

  static la_ssize_t on_write(archive* handle, void* user, const void* buffer, std::size_t size) {
    auto& output = *static_cast<Output*>(user);
    if (output.given_up) return static_cast<la_ssize_t>(size);
    auto written = output.sink({static_cast<const char*>(buffer), size});
    if (written) return static_cast<la_ssize_t>(size);
    output.failure = std::move(written).error();
    ::archive_set_error(handle, EIO, "%s", "the output failed");
    return -1;
  }
  void open() { ::archive_write_open(handle, this, nullptr, on_write, nullptr); }

  Error error(std::string_view what) { return failure ? *failure : error_of(handle, what); }

  Sink sink;
  archive* handle = ::archive_write_new();
  archive_entry* entry = ::archive_entry_new();
  std::optional<Error> failure;
  bool finished = false;
  bool given_up = false;
};

}  // namespace base::archive_parts
