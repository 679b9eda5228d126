#include "workflow/lint/scalar_places.h"

#include <algorithm>

namespace workflow::lint {

namespace {

bool continues_a_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

int characters_in(std::string_view text) {
  return static_cast<int>(
      std::count_if(text.begin(), text.end(), [](char c) { return !continues_a_character(c); }));
}

// The byte at which the n-th character (0-based) of a line begins.
std::size_t byte_of_character(std::string_view line, int character) {
  std::size_t byte = 0;
  while (byte < line.size() && (character > 0 || continues_a_character(line[byte]))) {
    if (!continues_a_character(line[byte])) --character;
    ++byte;
  }
  return byte;
}

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

std::size_t skip_blanks(std::string_view line, std::size_t byte) {
  while (byte < line.size() && is_blank(line[byte])) ++byte;
  return byte;
}

// Past `&anchor` and `!tag`, which stand before the scalar itself.
std::size_t skip_properties(std::string_view line, std::size_t byte) {
  while (byte < line.size() && (line[byte] == '&' || line[byte] == '!')) {
    while (byte < line.size() && !is_blank(line[byte])) ++byte;
    byte = skip_blanks(line, byte);
  }
  return byte;
}

std::size_t blanks_before(std::string_view line) {
  return std::min(line.find_first_not_of(' '), line.size());
}

// How many bytes of a double-quoted scalar the escape at `byte` takes.
std::size_t length_of_escape(std::string_view line, std::size_t byte) {
  if (byte + 1 >= line.size()) return 1;
  switch (line[byte + 1]) {
    case 'x':
      return 4;
    case 'u':
      return 6;
    case 'U':
      return 10;
    default:
      return 2;
  }
}

std::size_t length_of_character(std::string_view text, std::size_t at) {
  std::size_t length = 1;
  while (at + length < text.size() && continues_a_character(text[at + length])) ++length;
  return length;
}

}  // namespace

ScalarPlaces::ScalarPlaces(const std::vector<std::string_view>& lines, Place start, std::string_view text)
    : text_(text) {
  auto line = static_cast<std::size_t>(std::max(start.line, 1) - 1);
  segments_.push_back({0, start});
  if (line >= lines.size()) return;
  auto byte = skip_properties(lines[line], byte_of_character(lines[line], start.column - 1));
  if (byte >= lines[line].size()) {
    // A tag or an anchor stood alone: the scalar is on a line below.
    while (byte >= lines[line].size() && line + 1 < lines.size()) byte = skip_blanks(lines[++line], 0);
  }
  if (byte >= lines[line].size()) return;
  const char first = lines[line][byte];
  if (first == '|') {
    read_literal(lines, line);
  } else if (first == '>') {
    std::size_t content = line + 1;
    while (content < lines.size() && skip_blanks(lines[content], 0) >= lines[content].size()) ++content;
    if (content < lines.size()) read_flowing(lines, content, blanks_before(lines[content]), 0);
  } else if (first == '"' || first == '\'') {
    read_flowing(lines, line, byte + 1, first);
  } else {
    read_flowing(lines, line, byte, 0);
  }
}

Place ScalarPlaces::at(std::size_t offset) const {
  offset = std::min(offset, text_.size());
  const auto after =
      std::upper_bound(segments_.begin(), segments_.end(), offset,
                       [](std::size_t at, const Segment& segment) { return at < segment.offset; });
  const Segment& segment = after == segments_.begin() ? segments_.front() : *(after - 1);
  const auto between = std::string_view(text_).substr(segment.offset, offset - segment.offset);
  return {segment.place.line, segment.place.column + characters_in(between)};
}

void ScalarPlaces::add_segment(std::size_t offset, const std::vector<std::string_view>& lines,
                               std::size_t line, std::size_t byte) {
  const Place place{static_cast<int>(line) + 1, characters_in(lines[line].substr(0, byte)) + 1};
  if (segments_.back().offset == offset) {
    segments_.back().place = place;
  } else {
    segments_.push_back({offset, place});
  }
}

// Line for line the same but for the indentation, which the first line that has text tells.
void ScalarPlaces::read_literal(const std::vector<std::string_view>& lines, std::size_t header) {
  std::size_t indentation = 0;
  bool known = false;
  std::size_t line = header + 1;
  std::size_t offset = 0;
  std::vector<std::size_t> starts;
  while (offset <= text_.size() && line + starts.size() < lines.size()) {
    const auto end = std::min(text_.find('\n', offset), text_.size());
    const auto said = std::string_view(text_).substr(offset, end - offset);
    const auto& written = lines[line + starts.size()];
    if (!known && !said.empty() && blanks_before(said) < said.size()) {
      indentation = blanks_before(written) - std::min(blanks_before(said), blanks_before(written));
      known = true;
    }
    starts.push_back(offset);
    offset = end + 1;
  }
  for (std::size_t i = 0; i < starts.size(); ++i)
    add_segment(starts[i], lines, line + i, std::min(indentation, lines[line + i].size()));
}

// Folded, quoted and plain: a line break in the file is a space, a line break or nothing in the text.
void ScalarPlaces::read_flowing(const std::vector<std::string_view>& lines, std::size_t line,
                                std::size_t byte, char quote) {
  add_segment(0, lines, line, byte);
  std::size_t offset = 0;
  while (offset < text_.size() && line < lines.size()) {
    const auto written = lines[line];
    const bool is_end = skip_blanks(written, byte) >= written.size();
    const bool is_break =
        text_[offset] == '\n' || (is_end && (byte >= written.size() || is_blank(text_[offset])));
    const bool is_escape = quote == '"' && byte < written.size() && written[byte] == '\\';
    if (is_escape && skip_blanks(written, byte + 1) >= written.size()) {
      // The line break itself is escaped: nothing in the text.
      if (++line < lines.size()) add_segment(offset, lines, line, byte = skip_blanks(lines[line], 0));
    } else if (is_escape) {
      byte += length_of_escape(written, byte);
      offset += length_of_character(text_, offset);
      add_segment(offset, lines, line, byte);
    } else if (is_break) {
      while (offset < text_.size() && (text_[offset] == '\n' || text_[offset] == ' ')) ++offset;
      do {
        ++line;
      } while (line < lines.size() && skip_blanks(lines[line], 0) >= lines[line].size());
      if (line >= lines.size()) return;
      byte = skip_blanks(lines[line], 0);
      // Of a folded scalar, a line that is indented further keeps its spaces.
      while (offset > 0 && byte > 0 && text_[offset - 1] == ' ' && lines[line][byte - 1] == ' ' &&
             offset > 1 && (text_[offset - 2] == '\n' || text_[offset - 2] == ' ')) {
        --offset;
        --byte;
      }
      add_segment(offset, lines, line, byte);
    } else if (quote == '\'' && written.substr(byte, 2) == "''") {
      byte += 2;
      add_segment(++offset, lines, line, byte);
    } else {
      ++byte;
      ++offset;
    }
  }
}

}  // namespace workflow::lint
