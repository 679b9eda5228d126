#pragma once
// A scalar with `${{ }}` in it → the text or the one expression that it stands for, as GitHub's template
// reader makes of it (TemplateReader.ParseScalar). Not for evaluating it (template).

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace workflow::expression {

enum class ScalarKind {
  literal,     ///< plain text; `${{ 'text' }}` too
  expression,  ///< one expression; of text around others: format('…{0}…', …)
  insert,      ///< the directive `${{ insert }}`
};

struct TemplateScalar {
  ScalarKind kind = ScalarKind::literal;
  std::string text;  ///< the literal, or the expression without braces
};

/// Tells whether an expression may stand here.
using ExpressionCheck = std::function<base::Result<void>(std::string_view expression)>;

/// Expressions are checked in their order, and so is what is made of them; the first problem is the Error.
base::Result<TemplateScalar> read_template_scalar(std::string_view text, const ExpressionCheck& check);

}  // namespace workflow::expression
