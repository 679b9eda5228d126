#pragma once
// Characters beyond ASCII as .NET, and so GitHub, takes them: what is upper case of what in an ordinal
// comparison (one character to one character, no language's own rules), and what is white space.

#include <string>
#include <string_view>

namespace workflow::expression {

/// UTF-8 in, UTF-8 out; what is no valid UTF-8 stays as it is.
std::string to_upper_ordinal(std::string_view text);

/// The length in bytes of the white space character at the offset, or 0 when there is none.
std::size_t white_space_at(std::string_view text, std::size_t offset);
/// Without white space at either end.
std::string_view trim_white_space(std::string_view text);

}  // namespace workflow::expression
