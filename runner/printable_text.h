#pragma once
// What steps, workflows and remote sides say, made fit for somebody's terminal. Not for files and JSON, which
// keep texts as they are.

#include <string>
#include <string_view>

namespace runner {

/// Without control characters and escape sequences that move the cursor, retitle the window or make the
/// terminal answer. Colours, tabs and newlines stay.
std::string printable(std::string_view text);

}  // namespace runner
