#include "runner/kept_lines.h"

#include "base/strings.h"
#include "runner/printable_text.h"

namespace runner {

namespace {

/// A step may print lines without an end; so much of one is enough to see.
constexpr std::size_t kLongestShownLine = 4096;

}  // namespace

void KeptLines::add(const RunEvent& event) {
  total_ += event.lines;
  if (event.lines == 1) return keep(event.kind, 1, base::clipped(event.text, kLongestShownLine));
  const auto lines = last_lines(event, kLinesOfFailure);
  const auto* const begin = lines.front().data();
  const std::string_view text(begin, static_cast<std::size_t>(lines.back().end() - begin));
  if (text.size() <= kLinesOfFailure * kLongestShownLine / 4) return keep(event.kind, lines.size(), text);
  for (const auto line : lines) keep(event.kind, 1, base::clipped(line, kLongestShownLine));
}

void KeptLines::keep(steps::LineKind kind, std::size_t lines, std::string_view text) {
  blocks_.push_back({kind, lines, std::string(text)});
  kept_ += lines;
  while (kept_ - blocks_.front().lines >= kLinesOfFailure) {
    kept_ -= blocks_.front().lines;
    blocks_.pop_front();
  }
}

std::vector<KeptLines::Line> KeptLines::last() const {
  std::vector<Line> lines;
  std::size_t skipped = kept_ - std::min(kept_, kLinesOfFailure);
  for (const auto& block : blocks_) {
    std::string_view rest = block.text;
    for (std::size_t i = 0; i < block.lines; ++i) {
      // What is one line for the log may hold ends of lines: the message of an annotation.
      const auto end = block.lines == 1 ? rest.size() : std::min(rest.find('\n'), rest.size());
      if (skipped > 0) {
        --skipped;
      } else {
        lines.push_back({block.kind, printable(base::clipped(rest.substr(0, end), kLongestShownLine))});
      }
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return lines;
}

}  // namespace runner
