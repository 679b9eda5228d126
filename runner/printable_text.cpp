#include "runner/printable_text.h"

#include <algorithm>

namespace runner {

namespace {

constexpr unsigned char kEscape = 0x1b;

unsigned char byte_at(std::string_view text, std::size_t position) {
  return position < text.size() ? static_cast<unsigned char>(text[position]) : 0;
}

/// The length of a colour sequence at its start (ESC [ digits ; … m); 0 when it is something else.
std::size_t colour_length(std::string_view text) {
  if (byte_at(text, 1) != '[') return 0;
  const auto end = text.find_first_not_of("0123456789;", 2);
  return byte_at(text, end) == 'm' ? end + 1 : 0;
}

/// The length of the character of UTF-8 at its start; 0 when there is none.
std::size_t character_length(std::string_view text) {
  const auto first = byte_at(text, 0);
  const std::size_t length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (first > 0xf4) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte_at(text, i) & 0xc0U) != 0x80) return 0;
  }
  return length;
}

// Terminals take U+0080 to U+009F for ESC and a letter, and some of them such a byte that is no UTF-8.
bool is_control(std::string_view character) {
  const auto first = byte_at(character, 0);
  if (first < 0x20 || first == 0x7f) return first != '\t' && first != '\n';
  if (character.size() == 1) return first >= 0x80 && first < 0xa0;
  return first == 0xc2 && byte_at(character, 1) < 0xa0;
}

/// How many bytes from the start are ASCII without controls, or ends of lines.
std::size_t length_without_controls(std::string_view text) {
  const auto is_plain = [](unsigned char byte) {
    return (byte >= 0x20 && byte < 0x7f) || byte == '\n' || byte == '\t';
  };
  constexpr std::size_t kAtOnce = 32;
  std::size_t length = 0;
  while (length + kAtOnce <= text.size()) {
    // Without a branch in it, this loop becomes a few instructions for all bytes at once.
    unsigned char special = 0;
    for (std::size_t i = 0; i < kAtOnce; ++i) {
      const auto byte = static_cast<unsigned char>(text[length + i]);
      special |= static_cast<unsigned char>((byte < 0x20) & (byte != '\n') & (byte != '\t')) |
                 static_cast<unsigned char>(byte >= 0x7f);
    }
    if (special != 0) break;
    length += kAtOnce;
  }
  while (length < text.size() && is_plain(static_cast<unsigned char>(text[length]))) ++length;
  return length;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (true) {
    const std::size_t plain = length_without_controls(text);
    result += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) return result;
    std::size_t length = byte_at(text, 0) == kEscape ? colour_length(text) : 0;
    const bool is_colour = length > 0;
    if (!is_colour) length = std::max<std::size_t>(character_length(text), 1);
    const auto piece = text.substr(0, length);
    if (is_colour || !is_control(piece)) result += piece;
    text.remove_prefix(length);
  }
}

}  // namespace runner
