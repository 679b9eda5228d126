#include "steps/docker_rows.h"

#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "steps/go_template.h"

namespace steps {
namespace {

using base::Result;

constexpr std::string_view kTableFormat = "table";
constexpr std::size_t kNarrowestColumn = 10;
constexpr std::size_t kBetweenColumns = 3;

/// In characters: what is not the first byte of one is no column of its own.
std::size_t columns_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

FormattedRows::FormattedRows(const DockerCall& call, base::Json titles)
    : call_(call), titles_(std::move(titles)), is_table_(call.command.format.starts_with(kTableFormat)) {
  std::string_view text = call.command.format;
  if (is_table_) text = base::trim(text.substr(kTableFormat.size()));
  // The shell leaves them as two characters, and docker makes them one.
  template_ = base::replace_all(base::replace_all(text, "\\t", "\t"), "\\n", "\n");
}

Result<void> FormattedRows::add(const base::Json& row) {
  if (template_ == "json") {
    call_.print(base::to_text(row) + "\n");
    return {};
  }
  TRY(const auto line, format_by_template(template_, row));
  if (is_table_) {
    cells_.push_back(base::split(line, '\t'));
  } else {
    call_.print(line + "\n");
  }
  return {};
}

Result<void> FormattedRows::finish() {
  if (!is_table_) return {};
  TRY(const auto header, format_by_template(template_, titles_));
  cells_.insert(cells_.begin(), base::split(header, '\t'));
  std::vector<std::size_t> widths;
  for (const auto& line : cells_) {
    widths.resize(std::max(widths.size(), line.size()));
    for (std::size_t i = 0; i < line.size(); ++i)
      widths[i] = std::max({widths[i], columns_of(line[i]) + kBetweenColumns, kNarrowestColumn});
  }
  for (const auto& line : cells_) {
    std::string text;
    for (std::size_t i = 0; i < line.size(); ++i) {
      text += line[i];
      if (i + 1 < line.size()) text.append(widths[i] - columns_of(line[i]), ' ');
    }
    call_.print(text + "\n");
  }
  return {};
}

}  // namespace steps
