#pragma once
// Text with `${{ }}` in it, and conditions: what stands between YAML and expressions.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "workflow/expression/evaluator.h"

namespace workflow::expression {

struct TemplatePart {
  bool is_expression = false;
  std::string text;        ///< literal text, or what stands between the braces, trimmed
  std::size_t offset = 0;  ///< in the whole text
};

/// Quotes inside an expression may hold braces. An expression that is not closed is an Error.
base::Result<std::vector<TemplatePart>> split_template(std::string_view text);
bool has_expression(std::string_view text);
/// Where the expression that starts at `from` ends: the offset of `}}` outside of quotes, or npos.
std::size_t find_expression_end(std::string_view text, std::size_t from);

/// A text that is one expression keeps the expression's type; any other becomes a string.
base::Result<Value> evaluate_template(std::string_view text, const Surroundings& surroundings);
/// The same as text: arrays and objects are an Error, as they mean nothing in text.
base::Result<std::string> evaluate_text(std::string_view text, const Surroundings& surroundings);

/// Whether success(), failure(), cancelled() or always() is called anywhere in it.
bool asks_for_status(const Node& tree);
/// The expression that stands in an `if:` without what is put around it; "success()" when nothing does.
base::Result<std::string> unwrapped_condition(std::string_view text);
/// The expression that an `if:` stands for: braces are optional, a mixed text becomes format(), and without a
/// status function anywhere in it, it is wrapped as `success() && (…)` (actions/languageservices
/// if-condition).
base::Result<std::string> condition_expression(std::string_view text);

}  // namespace workflow::expression
