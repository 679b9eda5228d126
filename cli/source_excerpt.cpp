#include "cli/source_excerpt.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <vector>

namespace cli {

namespace {

// What fits into a terminal beside the line's number.
constexpr std::size_t kWidest = 140;
constexpr std::size_t kBeforeThePlace = 100;
constexpr std::size_t kTab = 4;

struct Range {
  char32_t first;
  char32_t last;
};

// Unicode EastAsianWidth.txt, W and F, by blocks; and the pictures that terminals draw as wide.
constexpr std::array<Range, 17> kWide{{{0x1100, 0x115F},
                                       {0x231A, 0x231B},
                                       {0x23E9, 0x23EC},
                                       {0x2E80, 0x303E},
                                       {0x3041, 0x4DBF},
                                       {0x4E00, 0xA4CF},
                                       {0xA960, 0xA97F},
                                       {0xAC00, 0xD7A3},
                                       {0xF900, 0xFAFF},
                                       {0xFE30, 0xFE6F},
                                       {0xFF00, 0xFF60},
                                       {0xFFE0, 0xFFE6},
                                       {0x1F300, 0x1F64F},
                                       {0x1F680, 0x1F6FF},
                                       {0x1F7E0, 0x1F7EB},
                                       {0x1F900, 0x1FAFF},
                                       {0x20000, 0x3FFFD}}};
// Marks that stand on the character before them, joiners, selectors.
constexpr std::array<Range, 6> kWithoutWidth{{{0x0300, 0x036F},
                                              {0x200B, 0x200F},
                                              {0x202A, 0x202E},
                                              {0x2066, 0x2069},
                                              {0x20D0, 0x20FF},
                                              {0xFE00, 0xFE0F}}};

template <std::size_t N>
bool is_in(const std::array<Range, N>& ranges, char32_t character) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const Range& range) { return character >= range.first && character <= range.last; });
}

/// A character as it is shown, and how many columns it takes.
struct Shown {
  std::string text;
  std::size_t width = 1;
  bool in_word = false;
};

std::size_t length_of(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  return lead >= 0xF0 && lead < 0xF5 ? 4 : 0;
}

Shown shown_wide(std::string_view bytes) {
  char32_t character = static_cast<unsigned char>(bytes[0]) & (0xFFU >> (bytes.size() + 1));
  for (std::size_t i = 1; i < bytes.size(); ++i)
    character = (character << 6U) | (static_cast<unsigned char>(bytes[i]) & 0x3FU);
  // C1 controls, and what turns the direction of writing around: a terminal would obey.
  if (character < 0xA0 || (character >= 0x202A && character <= 0x202E) ||
      (character >= 0x2066 && character <= 0x2069)) {
    return {"\xEF\xBF\xBD", 1};
  }
  const std::size_t width = is_in(kWithoutWidth, character) ? 0 : is_in(kWide, character) ? 2 : 1;
  return {std::string(bytes), width, true};
}

std::vector<Shown> characters_of(std::string_view text) {
  constexpr std::string_view kWordMarks = "_-./@$:";
  std::vector<Shown> characters;
  while (!text.empty()) {
    const auto lead = static_cast<unsigned char>(text[0]);
    const auto length = length_of(lead);
    const bool whole = length > 0 && length <= text.size() &&
                       std::all_of(text.begin() + 1, text.begin() + static_cast<std::ptrdiff_t>(length),
                                   [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; });
    if (!whole || lead < 0x20 || lead == 0x7F) {
      characters.push_back(lead == '\t' ? Shown{std::string(kTab, ' '), kTab} : Shown{"\xEF\xBF\xBD", 1});
      text.remove_prefix(1);
      continue;
    }
    if (length > 1) {
      characters.push_back(shown_wide(text.substr(0, length)));
    } else {
      const bool letter = (lead >= 'a' && lead <= 'z') || (lead >= 'A' && lead <= 'Z') ||
                          (lead >= '0' && lead <= '9') || kWordMarks.find(text[0]) != std::string_view::npos;
      characters.push_back({std::string(1, text[0]), 1, letter});
    }
    text.remove_prefix(length);
  }
  return characters;
}

struct Window {
  std::string text;
  std::size_t before = 0;  ///< columns before the place
  std::size_t word = 1;    ///< columns of the word at the place
};

Window window_of(const std::vector<Shown>& characters, std::size_t place) {
  Window window;
  std::size_t first = std::min(place, characters.size());
  for (std::size_t width = 0; first > 0 && (width += characters[first - 1].width) <= kBeforeThePlace;)
    --first;
  if (first > 0) {
    window.text = "…";
    window.before = 1;
  }
  std::size_t width = window.before;
  std::size_t last = first;
  for (; last < characters.size() && width + characters[last].width <= kWidest; ++last) {
    width += characters[last].width;
    if (last < place) window.before += characters[last].width;
    window.text += characters[last].text;
  }
  std::size_t word = 0;
  for (std::size_t i = place; i < last && characters[i].in_word; ++i) word += characters[i].width;
  window.word = std::max<std::size_t>(word, 1);
  if (last < characters.size()) window.text += "…";
  return window;
}

std::string caret_of(const Window& window) {
  return std::string(window.before, ' ') + "^" + std::string(window.word - 1, '~');
}

}  // namespace

Colours colours_of_terminal(int fd) {
  const auto is_set = [](const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != 0;
  };
  const char* terminal = std::getenv("TERM");
  const bool dumb = terminal != nullptr && std::string_view(terminal) == "dumb";
  return ::isatty(fd) == 1 && !is_set("NO_COLOR") && !dumb ? Colours::yes : Colours::no;
}

std::string printable(std::string_view text) {
  std::string shown;
  for (const auto& character : characters_of(text)) shown += character.text;
  return shown;
}

std::string source_excerpt(std::string_view line, int number, int column, Colours colours) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  const auto characters = characters_of(line);
  const auto window = window_of(characters, static_cast<std::size_t>(std::max(column, 1)) - 1);
  const bool coloured = colours == Colours::yes;
  const auto* grey = coloured ? "\x1b[90m" : "";
  const auto* green = coloured ? "\x1b[1;32m" : "";
  const auto* plain = coloured ? "\x1b[0m" : "";
  auto text = fmt::format("{}{:>5} |{} {}\n", grey, number, plain, window.text);
  if (column > 0) text += fmt::format("{}      |{} {}{}{}\n", grey, plain, green, caret_of(window), plain);
  return text;
}

std::string caret_below(std::string_view text, std::size_t offset, std::size_t indent) {
  std::size_t before = indent;
  for (const auto& character : characters_of(text.substr(0, offset))) before += character.width;
  return std::string(before, ' ') + "^";
}

}  // namespace cli
