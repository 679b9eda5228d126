#pragma once
// Evaluates expressions with contexts written as JSON, and says the outcome as text.

#include <gmock/gmock.h>

#include <string>
#include <string_view>

#include "base/json.h"
#include "workflow/expression/evaluator.h"

namespace workflow::expression {

/// The value as JSON text on one line; of an error, `error: ` and its message.
inline std::string evaluated(std::string_view text, std::string_view contexts = "{}") {
  const auto json = base::parse_json(contexts);
  if (!json) return "the contexts are no JSON";
  const Value values = from_json(*json);
  const Surroundings surroundings{
      .named_value = [&](std::string_view name) { return values.object().find(name); }};
  const auto value = evaluate_expression(text, surroundings);
  if (!value) return "error: " + value.error().message;
  if (value->kind() == Kind::number) return number_to_text(value->number());
  return base::to_text(to_json(*value));
}

}  // namespace workflow::expression
