#include "runner/display_width.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace runner {

namespace {

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};

// Characters that take no column of their own: combining marks, joiners, variation selectors.
constexpr Range kZeroWidth[] = {
    {0x0300, 0x036f}, {0x0483, 0x0489},   {0x0591, 0x05bd},   {0x0610, 0x061a}, {0x064b, 0x065f},
    {0x06d6, 0x06dc}, {0x0900, 0x0902},   {0x093c, 0x093c},   {0x0941, 0x0948}, {0x094d, 0x094d},
    {0x0e31, 0x0e31}, {0x0e34, 0x0e3a},   {0x0e47, 0x0e4e},   {0x1160, 0x11ff}, {0x1ab0, 0x1aff},
    {0x1dc0, 0x1dff}, {0x200b, 0x200f},   {0x202a, 0x202e},   {0x2060, 0x2064}, {0x2066, 0x206f},
    {0x20d0, 0x20ff}, {0x302a, 0x302d},   {0x3099, 0x309a},   {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
    {0xfeff, 0xfeff}, {0xe0001, 0xe007f}, {0xe0100, 0xe01ef},
};
// East Asian wide and fullwidth characters (UAX 11), and those shown as emoji.
constexpr Range kWide[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2329, 0x232a},   {0x23e9, 0x23ec},   {0x23f0, 0x23f0},
    {0x23f3, 0x23f3},   {0x25fd, 0x25fe},   {0x2614, 0x2615},   {0x2648, 0x2653},   {0x267f, 0x267f},
    {0x2693, 0x2693},   {0x26a1, 0x26a1},   {0x26aa, 0x26ab},   {0x26bd, 0x26be},   {0x26c4, 0x26c5},
    {0x26ce, 0x26ce},   {0x26d4, 0x26d4},   {0x26ea, 0x26ea},   {0x26f2, 0x26f3},   {0x26f5, 0x26f5},
    {0x26fa, 0x26fa},   {0x26fd, 0x26fd},   {0x2705, 0x2705},   {0x270a, 0x270b},   {0x2728, 0x2728},
    {0x274c, 0x274c},   {0x274e, 0x274e},   {0x2753, 0x2755},   {0x2757, 0x2757},   {0x2795, 0x2797},
    {0x27b0, 0x27b0},   {0x27bf, 0x27bf},   {0x2b1b, 0x2b1c},   {0x2b50, 0x2b50},   {0x2b55, 0x2b55},
    {0x2e80, 0x303e},   {0x3041, 0x33ff},   {0x3400, 0x4dbf},   {0x4e00, 0x9fff},   {0xa000, 0xa4cf},
    {0xa960, 0xa97f},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},
    {0xffe0, 0xffe6},   {0x1f004, 0x1f004}, {0x1f0cf, 0x1f0cf}, {0x1f18e, 0x1f18e}, {0x1f191, 0x1f19a},
    {0x1f200, 0x1f320}, {0x1f32d, 0x1f335}, {0x1f337, 0x1f37c}, {0x1f37e, 0x1f393}, {0x1f3a0, 0x1f3ca},
    {0x1f3cf, 0x1f3d3}, {0x1f3e0, 0x1f3f0}, {0x1f3f4, 0x1f3f4}, {0x1f3f8, 0x1f43e}, {0x1f440, 0x1f440},
    {0x1f442, 0x1f4fc}, {0x1f4ff, 0x1f53d}, {0x1f54b, 0x1f54e}, {0x1f550, 0x1f567}, {0x1f57a, 0x1f57a},
    {0x1f595, 0x1f596}, {0x1f5a4, 0x1f5a4}, {0x1f5fb, 0x1f64f}, {0x1f680, 0x1f6c5}, {0x1f6cc, 0x1f6cc},
    {0x1f6d0, 0x1f6d7}, {0x1f6eb, 0x1f6ec}, {0x1f6f4, 0x1f6fc}, {0x1f7e0, 0x1f7eb}, {0x1f90c, 0x1f9ff},
    {0x1fa70, 0x1faff}, {0x20000, 0x2fffd}, {0x30000, 0x3fffd},
};

template <std::size_t Count>
bool holds(const Range (&ranges)[Count], std::uint32_t character) {
  const auto* const found =
      std::lower_bound(std::begin(ranges), std::end(ranges), character,
                       [](const Range& range, std::uint32_t c) { return range.last < c; });
  return found != std::end(ranges) && found->first <= character;
}

constexpr std::size_t kTab = 8;

/// What stands at the front of a text.
struct Piece {
  std::string_view text;
  std::size_t width = 0;
  bool is_colour = false;
};

std::size_t colour_sequence(std::string_view text) {
  if (!text.starts_with("\x1b[")) return 0;
  const std::size_t end = text.find_first_not_of("0123456789;", 2);
  return end != std::string_view::npos && text[end] == 'm' ? end + 1 : 0;
}

Piece piece_at(std::string_view text, std::size_t column) {
  if (const std::size_t length = colour_sequence(text); length > 0) return {text.substr(0, length), 0, true};
  const auto first = static_cast<unsigned char>(text.front());
  if (first == '\t') return {text.substr(0, 1), kTab - column % kTab};
  const std::size_t length = first < 0xc2 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 1;
  if (length == 1 || text.size() < length) return {text.substr(0, 1), 1};
  std::uint32_t character = first & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0U) != 0x80) return {text.substr(0, 1), 1};
    character = (character << 6U) | (next & 0x3fU);
  }
  const std::size_t width = holds(kZeroWidth, character) ? 0 : holds(kWide, character) ? 2 : 1;
  return {text.substr(0, length), width};
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const Piece piece = piece_at(text, width);
    width += piece.width;
    text.remove_prefix(piece.text.size());
  }
  return width;
}

std::string cut_to_width(std::string_view text, std::size_t width, Color color) {
  std::string result;
  std::size_t column = 0;
  std::size_t safe = 0;  // so much of the result leaves a column for the ellipsis
  bool coloured = false;
  const auto end_colour = [&] {
    if (coloured) result += "\x1b[0m";
  };
  while (!text.empty()) {
    const Piece piece = piece_at(text, column);
    text.remove_prefix(piece.text.size());
    if (piece.is_colour) {
      if (color == Color::never) continue;
      coloured = true;
      result += piece.text;
      continue;
    }
    if (column + piece.width > width) {
      result.resize(safe);
      if (width > 0) result += "…";
      end_colour();
      return result;
    }
    column += piece.width;
    if (piece.text == "\t") {
      result.append(piece.width, ' ');
    } else {
      result += piece.text;
    }
    if (column < width) safe = result.size();
  }
  end_colour();
  return result;
}

}  // namespace runner
