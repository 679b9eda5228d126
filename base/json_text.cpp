// A JSON string of much text: runs of bytes that need no escape are copied as they are.

#include <array>

#include "base/json.h"

namespace base {

namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

bool is_plain(unsigned char byte) {
  return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

/// How many bytes from the start need no escape.
std::size_t plain_length(std::string_view text) {
  constexpr std::size_t kAtOnce = 16;
  std::size_t length = 0;
  while (length + kAtOnce <= text.size()) {
    // Without a branch in it, this loop becomes a few instructions for all bytes at once.
    unsigned char special = 0;
    for (std::size_t i = 0; i < kAtOnce; ++i) {
      const auto byte = static_cast<unsigned char>(text[length + i]);
      special |= static_cast<unsigned char>((byte < 0x20) | (byte >= 0x80) | (byte == '"') | (byte == '\\'));
    }
    if (special != 0) break;
    length += kAtOnce;
  }
  while (length < text.size() && is_plain(static_cast<unsigned char>(text[length]))) ++length;
  return length;
}

/// The length of the UTF-8 character at the start (RFC 3629), or how many bytes begin none, negative.
int character_length(std::string_view text) {
  const auto byte = [&](std::size_t at) {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
  };
  const unsigned first = byte(0);
  const int length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length == 0) return -1;
  const unsigned lowest = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const unsigned highest = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (byte(1) < lowest || byte(1) > highest) return -1;
  for (int i = 2; i < length; ++i) {
    if (byte(static_cast<std::size_t>(i)) < 0x80 || byte(static_cast<std::size_t>(i)) > 0xbf) return -i;
  }
  return length;
}

void append_escape(std::string& json, char byte) {
  constexpr std::string_view kShort = "\"\\\b\f\n\r\t";
  constexpr std::string_view kLetters = "\"\\bfnrt";
  json += '\\';
  if (const auto at = kShort.find(byte); at != std::string_view::npos) {
    json += kLetters[at];
    return;
  }
  constexpr std::string_view kDigits = "0123456789abcdef";
  const auto value = static_cast<unsigned char>(byte);
  json += "u00";
  json += kDigits[value >> 4U];
  json += kDigits[value & 15U];
}

}  // namespace

void append_json_text(std::string& json, std::string_view text) {
  json += '"';
  while (!text.empty()) {
    std::size_t length = plain_length(text);
    json += text.substr(0, length);
    text.remove_prefix(length);
    if (text.empty()) break;
    length = 1;
    if (static_cast<unsigned char>(text.front()) < 0x80) {
      append_escape(json, text.front());
    } else {
      const int found = character_length(text);
      length = static_cast<std::size_t>(found < 0 ? -found : found);
      json += found < 0 ? kReplacement : text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  json += '"';
}

}  // namespace base
