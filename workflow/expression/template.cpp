#include "workflow/expression/template.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "workflow/expression/characters.h"
#include "workflow/expression/functions.h"
#include "workflow/expression/template_scalar.h"

namespace workflow::expression {

std::size_t find_expression_end(std::string_view text, std::size_t from) {
  bool quoted = false;
  for (std::size_t i = from; i < text.size(); ++i) {
    if (text[i] == '\'') quoted = !quoted;
    if (!quoted && text.substr(i, 2) == "}}") return i;
  }
  return std::string_view::npos;
}

base::Result<std::vector<TemplatePart>> split_template(std::string_view text) {
  std::vector<TemplatePart> parts;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto start = text.find("${{", at);
    if (start == std::string_view::npos) break;
    const auto end = find_expression_end(text, start + 3);
    if (end == std::string_view::npos) {
      return base::make_error(
          base::ErrorKind::invalid_input,
          fmt::format("The expression is not closed. An unescaped ${{{{ sequence was found, but the "
                      "closing }}}} sequence was not found."));
    }
    if (start > at) parts.push_back({false, std::string(text.substr(at, start - at)), at});
    const auto inside = trim_white_space(text.substr(start + 3, end - start - 3));
    if (inside.empty()) {
      return base::make_error(base::ErrorKind::invalid_input,
                              "An expression was expected between ${{ and }}, found nothing");
    }
    parts.push_back({true, std::string(inside), start});
    at = end + 2;
  }
  if (at < text.size()) parts.push_back({false, std::string(text.substr(at)), at});
  return parts;
}

bool has_expression(std::string_view text) {
  return text.find("${{") != std::string_view::npos;
}

base::Result<Value> evaluate_template(std::string_view text, const Surroundings& surroundings) {
  if (!has_expression(text)) return Value(text);
  TRY(const auto parts, split_template(text));
  if (parts.size() == 1 && parts[0].is_expression) return evaluate_expression(parts[0].text, surroundings);
  std::string result;
  for (const auto& part : parts) {
    if (!part.is_expression) {
      result += part.text;
      continue;
    }
    TRY(const auto value, evaluate_expression(part.text, surroundings));
    result += value.to_text();
    if (result.size() > kMaxText) {
      return base::make_error(base::ErrorKind::invalid_input,
                              "The text with its expressions is larger than 10 MB");
    }
  }
  return Value(std::move(result));
}

base::Result<std::string> evaluate_text(std::string_view text, const Surroundings& surroundings) {
  TRY(const auto value, evaluate_template(text, surroundings));
  if (value.is_array() || value.is_object()) {
    return base::make_error(
        base::ErrorKind::invalid_input,
        fmt::format("A {} was given where text is expected: {}; toJSON() makes text of it",
                    value.is_array() ? "sequence" : "mapping", text));
  }
  return value.to_text();
}

base::Result<std::string> unwrapped_condition(std::string_view text) {
  // White space around braces makes text of them, and so a condition that always holds; GitHub has it so.
  TRY(auto scalar, read_template_scalar(text, [](std::string_view) { return base::Result<void>(); }));
  return trim_white_space(scalar.text).empty() ? std::string("success()") : std::move(scalar.text);
}

bool asks_for_status(const Node& tree) {
  bool asks = false;
  visit_nodes(tree, [&](const Node& node) {
    asks = asks || (node.kind == NodeKind::call && is_status_function(node.name));
  });
  return asks;
}

base::Result<std::string> condition_expression(std::string_view text) {
  TRY(auto expression, unwrapped_condition(text));
  TRY(const auto tree, parse_expression(expression));
  return asks_for_status(*tree) ? expression : fmt::format("success() && ({})", expression);
}

}  // namespace workflow::expression
