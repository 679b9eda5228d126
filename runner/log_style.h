#pragma once
// How a run looks on a terminal: colours, marks and tags, which all that is shown to people shares.

#include <string>
#include <string_view>

#include "steps/log_sink.h"

namespace runner {

enum class Color { never, always };

namespace style {
inline constexpr std::string_view kBold = "1";
inline constexpr std::string_view kDim = "2";
inline constexpr std::string_view kRed = "31";
inline constexpr std::string_view kGreen = "32";
inline constexpr std::string_view kYellow = "33";
inline constexpr std::string_view kCyan = "36";
inline constexpr std::string_view kPlain = "";
}  // namespace style

/// What displays say of a step that failed and may: its conclusion is success, but people want to know.
inline constexpr std::string_view kTolerated = "tolerated";

/// The text in a style, and the plain one again after it.
std::string styled(Color color, std::string_view text, std::string_view style);
std::string_view style_of_conclusion(std::string_view conclusion);
std::string_view mark_of_conclusion(std::string_view conclusion);
std::string_view style_of_kind(steps::LineKind kind);
/// `##[error]`, as the runner's own log has it.
std::string_view tag_of_kind(steps::LineKind kind);
/// `Error: `, for people; nothing of lines that are no annotations.
std::string_view word_of_kind(steps::LineKind kind);
/// "4.2s"
std::string duration_text(double milliseconds);

}  // namespace runner
