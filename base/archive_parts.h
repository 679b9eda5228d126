#pragma once
// What reading and writing archives by libarchive have in common. Internal to archive.cpp and
// zip_archive.cpp.

#include <archive.h>
#include <archive_entry.h>

#include <clocale>
#include <string>
#include <string_view>

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

}  // namespace base::archive_parts
