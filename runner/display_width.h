#pragma once
// How many columns text takes on a terminal, and cutting it to so many: UTF-8, wide and combining characters,
// colour sequences. Not for making text printable (printable_text), which must be done before.

#include <cstddef>
#include <string>
#include <string_view>

#include "runner/log_style.h"

namespace runner {

/// Columns of printable text. Bytes that are no UTF-8 count one each; a tab goes to the next eighth column.
std::size_t display_width(std::string_view text);
/// At most `width` columns; what is cut ends in `…` and in the plain style. Tabs become blanks. Colour
/// sequences are kept or, with Color::never, left out.
std::string cut_to_width(std::string_view text, std::size_t width, Color color);

}  // namespace runner
