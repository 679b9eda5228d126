#pragma once
// Upper case as .NET's ordinal comparison knows it: one character to one character, no language's own rules.

#include <string>
#include <string_view>

namespace workflow::expression {

/// UTF-8 in, UTF-8 out; what is no valid UTF-8 stays as it is.
std::string to_upper_ordinal(std::string_view text);

}  // namespace workflow::expression
