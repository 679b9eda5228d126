// A JSON string of much text: runs of bytes that need no escape are copied as they are.

#include "base/json.h"
#include "base/utf8.h"

namespace base {

namespace {

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
    const std::size_t length = plain_length(text);
    json += text.substr(0, length);
    text.remove_prefix(length);
    if (text.empty()) break;
    const auto start = utf8_start(text);
    if (start.bytes == 1 && start.valid) {
      append_escape(json, text.front());
    } else {
      json += start.valid ? text.substr(0, start.bytes) : kReplacementCharacter;
    }
    text.remove_prefix(start.bytes);
  }
  json += '"';
}

}  // namespace base
