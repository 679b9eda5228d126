#pragma once
// A line of a file with a caret below the place that is spoken of, for terminals. Not for choosing lines.

#include <string>
#include <string_view>

namespace cli {

enum class Colours { no, yes };

/// Colours are for people: on a terminal, and not against NO_COLOR (no-color.org).
Colours colours_of_terminal(int fd);

/// `line` as it is shown: no control characters, tabs as wide as they are.
std::string printable(std::string_view text);

/// Two lines, each with its newline: "  12 | source" and the caret below character `column` (1-based), drawn
/// out below the word that starts there. Of a long line the part around the place. Column 0: no caret.
std::string source_excerpt(std::string_view line, int number, int column, Colours colours);

/// The caret's line alone, below the byte at `offset` of a text that is printed after `indent` spaces.
std::string caret_below(std::string_view text, std::size_t offset, std::size_t indent);

}  // namespace cli
