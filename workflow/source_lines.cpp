#include "workflow/source_lines.h"

#include <algorithm>

#include "base/strings.h"

namespace workflow {

namespace {

bool begins_character(std::string_view text, std::size_t at) {
  return at == 0 || (static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U;
}

}  // namespace

SourceLines::SourceLines(std::string_view text) : lines_(base::lines_of(text)) {}

std::string_view SourceLines::line(int number) const {
  const auto index = static_cast<std::size_t>(number) - 1;
  return number > 0 && index < lines_.size() ? lines_[index] : std::string_view();
}

Place SourceLines::place_behind(int number, std::size_t bytes) const {
  const auto text = line(number);
  const auto there = std::min(bytes, text.size());
  go_to_line(number);
  while (last_.bytes < there) step_forward(text);
  while (last_.bytes > there) step_back(text);
  return {number, last_.characters + static_cast<int>(bytes - there) + 1};
}

std::size_t SourceLines::bytes_before(Place place) const {
  const auto text = line(place.line);
  const int characters = std::max(place.column - 1, 0);
  go_to_line(place.line);
  while (last_.characters > characters) step_back(text);
  // The last of the characters may have more bytes.
  while (last_.bytes < text.size() && (last_.characters < characters || !begins_character(text, last_.bytes)))
    step_forward(text);
  return last_.bytes;
}

void SourceLines::go_to_line(int number) const {
  if (last_.line != number) last_ = {.line = number};
}

void SourceLines::step_forward(std::string_view text) const {
  if (begins_character(text, last_.bytes)) ++last_.characters;
  ++last_.bytes;
}

void SourceLines::step_back(std::string_view text) const {
  --last_.bytes;
  if (begins_character(text, last_.bytes)) --last_.characters;
}

}  // namespace workflow
