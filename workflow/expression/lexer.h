#pragma once
// Characters → tokens of the expression language.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "workflow/expression/value.h"

namespace workflow::expression {

enum class TokenKind {
  null,
  boolean,
  number,
  string,
  name,
  property,
  wildcard,
  start_group,
  end_group,
  start_index,
  end_index,
  comma,
  dot,
  bang,
  logical_or,
  logical_and,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  end,
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::size_t offset = 0;
  std::string text;  ///< as written
  Value value;       ///< of a literal
};

/// All tokens and an end token, or an Error that names the unexpected symbol.
base::Result<std::vector<Token>> tokenize(std::string_view text);

/// GitHub's sentence: Unexpected symbol: 'x'. Located at position N within expression: text
base::Error unexpected_symbol(std::string_view symbol, std::size_t offset, std::string_view expression);

}  // namespace workflow::expression
