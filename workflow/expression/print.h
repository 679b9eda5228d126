#pragma once
// A tree → the text of an expression, spaced as people write it. For showing parts of an expression; not for
// text that has to stay as it was written.

#include <string>

#include "workflow/expression/syntax.h"

namespace workflow::expression {

/// Parses to the same tree again.
std::string print(const Node& tree);
/// A literal as it is written in an expression: strings quoted; an array or an object as compact JSON.
std::string print(const Value& value);

}  // namespace workflow::expression
