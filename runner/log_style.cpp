#include "runner/log_style.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace runner {

std::string styled(Color color, std::string_view text, std::string_view style) {
  if (color == Color::never || style.empty()) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", style, text);
}

std::string_view style_of_conclusion(std::string_view conclusion) {
  if (conclusion == "success") return style::kGreen;
  if (conclusion == "skipped") return style::kDim;
  if (conclusion == "cancelled" || conclusion == kTolerated) return style::kYellow;
  return style::kRed;
}

std::string_view mark_of_conclusion(std::string_view conclusion) {
  if (conclusion == "success") return "✓";
  if (conclusion == "skipped") return "○";
  if (conclusion == kTolerated) return "!";
  return conclusion == "cancelled" ? "◌" : "✗";
}

std::string_view style_of_kind(steps::LineKind kind) {
  switch (kind) {
    case steps::LineKind::error:
      return style::kRed;
    case steps::LineKind::warning:
      return style::kYellow;
    case steps::LineKind::notice:
    case steps::LineKind::command:
    case steps::LineKind::script:
      return style::kCyan;
    case steps::LineKind::group:
      return style::kBold;
    case steps::LineKind::debug:
    case steps::LineKind::detail:
      return style::kDim;
    default:
      return style::kPlain;
  }
}

std::string_view tag_of_kind(steps::LineKind kind) {
  switch (kind) {
    case steps::LineKind::output:
    case steps::LineKind::detail:
    case steps::LineKind::script:
      return "";
    case steps::LineKind::command:
      return "##[command]";
    case steps::LineKind::group:
      return "##[group]";
    case steps::LineKind::endgroup:
      return "##[endgroup]";
    case steps::LineKind::debug:
      return "##[debug]";
    case steps::LineKind::notice:
      return "##[notice]";
    case steps::LineKind::warning:
      return "##[warning]";
    case steps::LineKind::error:
      return "##[error]";
  }
  return "";
}

std::string_view word_of_kind(steps::LineKind kind) {
  if (kind == steps::LineKind::error) return "Error: ";
  if (kind == steps::LineKind::warning) return "Warning: ";
  return kind == steps::LineKind::notice ? "Notice: " : "";
}

std::string duration_text(double milliseconds) {
  return base::format_duration_ms(static_cast<std::int64_t>(milliseconds));
}

}  // namespace runner
