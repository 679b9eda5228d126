#include "workflow/yaml_problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <vector>

#include "base/strings.h"

namespace workflow {

namespace {

constexpr std::string_view kBlank = " \t\r";

std::string_view text_at(const SourceLines& lines, Place place) {
  auto text = lines.line(place.line);
  text.remove_prefix(std::min(lines.bytes_before(place), text.size()));
  return text;
}

std::string quoted(std::string_view what) {
  return fmt::format("a text that begins with '{}' must be in quotes", what);
}

bool is_indented_by_tab(std::string_view line) {
  return line.substr(0, line.find_first_not_of(kBlank)).find('\t') != std::string_view::npos;
}

bool is_blank_or_comment(std::string_view line) {
  const auto first = line.find_first_not_of(kBlank);
  return first == std::string_view::npos || line[first] == '#';
}

// Where what stands behind an item's dash begins, from 1; 0 without a dash.
std::size_t column_behind_dash(std::string_view line, std::size_t dash) {
  if (line[dash] != '-') return 0;
  const auto behind = line.find_first_not_of(' ', dash + 1);
  return behind == dash + 1 || behind == std::string_view::npos ? 0 : behind + 1;
}

// Where the lines begin that this one may belong to, the outermost first.
std::vector<std::string> columns_above(const SourceLines& lines, int number) {
  std::set<std::size_t> columns;
  std::size_t inner = std::string_view::npos;
  for (int above = number - 1; above > 0 && inner > 0; --above) {
    const auto line = lines.line(above);
    if (is_blank_or_comment(line)) continue;
    const auto first = line.find_first_not_of(kBlank);
    if (first >= inner) continue;
    inner = first;
    columns.insert(first + 1);
    if (const auto behind = column_behind_dash(line, first); behind > 0) columns.insert(behind);
  }
  std::vector<std::string> texts;
  for (const auto column : columns) texts.push_back(std::to_string(column));
  return texts;
}

std::string hint_of_indentation(const SourceLines& lines, Place place) {
  const auto columns = columns_above(lines, place.line);
  const bool fits = std::find(columns.begin(), columns.end(), std::to_string(place.column)) != columns.end();
  if (fits || columns.empty()) return "expected `key: value`, or `- ` before each item of a sequence";
  return fmt::format("its indentation fits no line above it: it begins in column {}, expected one of: {}",
                     place.column, base::join(columns, ", "));
}

std::string hint_of_value(std::string_view line) {
  const auto first = line.find(": ");
  if (first != std::string_view::npos && line.find(": ", first + 1) != std::string_view::npos)
    return "a text with ': ' in it must be in quotes";
  return "expected one `key: value` in this line, and no key where a value was begun";
}

}  // namespace

std::string hint_of_yaml_problem(const SourceLines& lines, Place place, std::string_view message) {
  const auto line = lines.line(place.line);
  const auto text = text_at(lines, place);
  if (is_indented_by_tab(line)) return "a tab indents this line; YAML takes spaces only";
  if (message == "illegal map value") return hint_of_value(line);
  if (message == "end of map not found" || message == "end of sequence not found" ||
      message == "illegal block entry")
    return hint_of_indentation(lines, place);
  if (message == "end of map flow not found") return "a '{' before it is not closed: expected ',' or '}'";
  if (message == "end of sequence flow not found")
    return "a '[' before it is not closed: expected ',' or ']'";
  if (message == "illegal EOF in scalar") return "a text in quotes is not closed";
  if (message == "unknown token" && !text.empty()) return quoted(text.substr(0, 1));
  if (message.find("alias") != std::string_view::npos || message.find("anchor") != std::string_view::npos)
    return fmt::format("an alias needs its anchor above it; {}",
                       quoted(message.find('&') != message.npos ? "&" : "*"));
  if (message.find("escape") != std::string_view::npos)
    return "between double quotes a backslash begins an escape: write two, or use single quotes";
  return "";
}

std::string hint_of_tag(std::string_view tag) {
  if (!tag.starts_with('!')) return "expected none of its own: !!str, !!int, !!float, !!bool or !!null";
  return quoted("!");
}

std::optional<Place> find_open_quote(const SourceLines& lines, Place place) {
  auto text = text_at(lines, place);
  const auto begin = text.find_first_of("'\"");
  // Before the quote there may be an anchor and a tag.
  const auto before = text.substr(0, begin);
  if (begin == std::string_view::npos || (begin > 0 && before[0] != '&' && before[0] != '!'))
    return std::nullopt;
  const char quote = text[begin];
  const Place opened = lines.place_behind(place.line, lines.bytes_before(place) + begin);
  text.remove_prefix(begin + 1);
  for (int number = place.line; number <= lines.count(); text = lines.line(++number)) {
    for (std::size_t at = 0; at < text.size(); ++at) {
      const bool doubled = quote == '\'' && at + 1 < text.size() && text[at + 1] == quote;
      if ((quote == '"' && text[at] == '\\') || (text[at] == quote && doubled)) {
        ++at;
      } else if (text[at] == quote) {
        return std::nullopt;
      }
    }
  }
  return opened;
}

}  // namespace workflow
