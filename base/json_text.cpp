// A JSON string of much text: logs are written by it, so it goes many bytes at a time.

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "base/json.h"
#include "base/utf8.h"

namespace base {

namespace {

constexpr std::size_t kAtOnce = 32;
constexpr std::size_t kLongestCharacter = 6;

bool is_plain(char byte) {
  return static_cast<unsigned char>(byte) >= 0x20 && static_cast<unsigned char>(byte) < 0x80 && byte != '"' &&
         byte != '\\';
}

#ifdef __SSE2__
/// A bit for each of sixteen bytes that is not plain.
std::uint32_t special_of(const char* bytes) {
  const __m128i all = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
  const __m128i quotes = _mm_cmpeq_epi8(all, _mm_set1_epi8('"'));
  const __m128i backslashes = _mm_cmpeq_epi8(all, _mm_set1_epi8('\\'));
  // As signed numbers, bytes above ASCII are below zero.
  const __m128i others = _mm_cmplt_epi8(all, _mm_set1_epi8(0x20));
  return static_cast<std::uint32_t>(
      _mm_movemask_epi8(_mm_or_si128(others, _mm_or_si128(quotes, backslashes))));
}
#endif

/// How many of kAtOnce bytes come before the first one that is not plain.
std::size_t plain_of(const char* bytes) {
#ifdef __SSE2__
  return static_cast<std::size_t>(std::countr_zero(special_of(bytes) | special_of(bytes + 16) << 16U));
#else
  return static_cast<std::size_t>(std::find_if_not(bytes, bytes + kAtOnce, is_plain) - bytes);
#endif
}

constexpr std::array<char, 128> kLetters = [] {
  std::array<char, 128> letters{};
  letters['"'] = '"';
  letters['\\'] = '\\';
  letters['\b'] = 'b';
  letters['\f'] = 'f';
  letters['\n'] = 'n';
  letters['\r'] = 'r';
  letters['\t'] = 't';
  return letters;
}();

/// Writes the escape of an ASCII character; returns its length.
std::size_t write_escape(char byte, char* to) {
  const auto value = static_cast<unsigned char>(byte);
  to[0] = '\\';
  to[1] = kLetters.at(value);
  if (to[1] != 0) return 2;
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::memcpy(to + 1, "u00", 3);
  to[4] = kDigits[value >> 4U];
  to[5] = kDigits[value & 15U];
  return kLongestCharacter;
}

/// Writes the first character of the text as JSON has it; returns its length there, and takes it off the
/// text.
std::size_t write_character(std::string_view& text, char* to) {
  std::string_view written = text.substr(0, 1);
  std::size_t read = 1;
  if (static_cast<unsigned char>(text.front()) < 0x80) {
    if (!is_plain(text.front())) {
      const std::size_t length = write_escape(text.front(), to);
      text.remove_prefix(1);
      return length;
    }
  } else {
    const auto start = utf8_start(text);
    read = start.bytes;
    written = start.valid ? text.substr(0, read) : kReplacementCharacter;
  }
  std::memcpy(to, written.data(), written.size());
  text.remove_prefix(read);
  return written.size();
}

}  // namespace

void append_json_text(std::string& json, std::string_view text) {
  // Gathered here, where a few bytes more cost nothing.
  std::array<char, 4096> piece;
  std::size_t used = 0;
  json += '"';
  while (!text.empty()) {
    if (used + kAtOnce + kLongestCharacter > piece.size()) {
      json.append(piece.data(), used);
      used = 0;
    }
    if (text.size() >= kAtOnce) {
      std::memcpy(piece.data() + used, text.data(), kAtOnce);
      const std::size_t plain = plain_of(text.data());
      if (plain == kAtOnce) {  // by itself, so that what comes next does not wait for how many there were
        used += kAtOnce;
        text.remove_prefix(kAtOnce);
        continue;
      }
      used += plain;
      text.remove_prefix(plain);
      if (text.front() == '\n') {  // nearly all that is not plain
        std::memcpy(piece.data() + used, "\\n", 2);
        used += 2;
        text.remove_prefix(1);
        continue;
      }
    }
    used += write_character(text, piece.data() + used);
  }
  json.append(piece.data(), used);
  json += '"';
}

}  // namespace base
