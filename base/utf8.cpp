#include "base/utf8.h"

#include <algorithm>

namespace base {

Utf8Start utf8_start(std::string_view text) {
  const auto byte = [&](std::size_t at) {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return {1, true};
  const std::size_t length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length == 0) return {1, false};
  // Neither longer than needed, nor a surrogate, nor beyond U+10FFFF.
  const unsigned lowest = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const unsigned highest = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (byte(1) < lowest || byte(1) > highest) return {1, false};
  for (std::size_t i = 2; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xbf) return {i, false};
  }
  return {length, true};
}

std::size_t utf16_length(std::string_view text) {
  std::size_t units = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xc0U) != 0x80) units += byte >= 0xf0 ? 2 : 1;
  }
  return units;
}

std::string with_valid_utf8(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (true) {
    const auto other =
        std::find_if(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
    const auto ascii = static_cast<std::size_t>(other - text.begin());
    result += text.substr(0, ascii);
    text.remove_prefix(ascii);
    if (text.empty()) return result;
    const auto start = utf8_start(text);
    result += start.valid ? text.substr(0, start.bytes) : kReplacementCharacter;
    text.remove_prefix(start.bytes);
  }
}

}  // namespace base
