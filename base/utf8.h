#pragma once
// UTF-8 (RFC 3629) in texts from outside, which may hold bytes that are none.

#include <cstddef>
#include <string>
#include <string_view>

namespace base {

inline constexpr std::string_view kReplacementCharacter = "\xef\xbf\xbd";  ///< U+FFFD

struct Utf8Start {
  std::size_t bytes = 0;  ///< of the character, or so many as one U+FFFD stands for
  bool valid = false;
};
/// What a text that is not empty begins with.
Utf8Start utf8_start(std::string_view text);

/// How many UTF-16 units a valid text has: its length as .NET and JavaScript count it.
std::size_t utf16_length(std::string_view text);

/// The text with U+FFFD for what is no character, as .NET decodes it.
std::string with_valid_utf8(std::string_view text);

}  // namespace base
