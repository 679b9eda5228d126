#include "workflow/expression/template_scalar.h"

#include <fmt/format.h>

#include <vector>

#include "base/strings.h"
#include "workflow/expression/characters.h"
#include "workflow/expression/template.h"

namespace workflow::expression {

namespace {

constexpr std::string_view kOpen = "${{";
constexpr std::string_view kInsert = "insert";

struct Segment {
  ScalarKind kind = ScalarKind::literal;
  std::string text;
};

base::Error refused(std::string message) {
  return base::make_error(base::ErrorKind::invalid_input, std::move(message));
}

// `insert` takes no parameters; they are separated by white space outside of quotes and parentheses.
std::size_t count_parameters(std::string_view text) {
  std::size_t count = 0;
  bool quoted = false;
  bool inside = false;
  int groups = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto space = quoted || groups != 0 ? 0 : white_space_at(text, i);
    if (space != 0) {
      inside = false;
      i += space - 1;
      continue;
    }
    if (!inside) ++count;
    inside = true;
    if (text[i] == '\'') quoted = !quoted;
    if (text[i] == '(' && !quoted) ++groups;
    if (text[i] == ')' && !quoted) --groups;
  }
  return count;
}

base::Result<Segment> read_expression(std::string_view inside, const ExpressionCheck& check) {
  const auto text = trim_white_space(inside);
  if (text.empty()) return refused("An expression was expected");
  if (text.starts_with(kInsert) &&
      (text.size() == kInsert.size() || white_space_at(text, kInsert.size()) != 0)) {
    const auto parameters = count_parameters(text.substr(kInsert.size()));
    if (parameters == 0) return Segment{ScalarKind::insert, std::string(kInsert)};
    return refused(
        fmt::format("Exactly 0 parameter(s) were expected following the directive 'insert'. Actual parameter "
                    "count: {}",
                    parameters));
  }
  TRY(check(text));
  return Segment{ScalarKind::expression, std::string(text)};
}

// The text of an expression that is one quoted string.
bool is_quoted_string(std::string_view expression, std::string& text) {
  bool quoted = false;
  text.clear();
  for (std::size_t i = 0; i < expression.size(); ++i) {
    if (expression[i] == '\'') {
      quoted = !quoted;
      if (quoted && i != 0) text += '\'';
    } else if (!quoted) {
      return false;
    } else {
      text += expression[i];
    }
  }
  return true;
}

std::string formatted(const std::vector<Segment>& segments) {
  std::string pattern;
  std::string arguments;
  int index = 0;
  for (const auto& [kind, text] : segments) {
    if (kind == ScalarKind::literal) {
      pattern +=
          base::replace_all(base::replace_all(base::replace_all(text, "'", "''"), "{", "{{"), "}", "}}");
    } else {
      pattern += fmt::format("{{{}}}", index++);
      arguments += ", " + text;
    }
  }
  return fmt::format("format('{}'{})", pattern, arguments);
}

base::Result<std::vector<Segment>> split(std::string_view text, const ExpressionCheck& check) {
  std::vector<Segment> segments;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto start = text.find(kOpen, at);
    if (start > at) segments.push_back({ScalarKind::literal, std::string(text.substr(at, start - at))});
    if (start == std::string_view::npos) break;
    const auto inside = start + kOpen.size();
    const auto end = find_expression_end(text, inside);
    if (end == std::string_view::npos) {
      return refused(
          "The expression is not closed. An unescaped ${{ sequence was found, but the closing }} sequence "
          "was "
          "not found.");
    }
    TRY(auto segment, read_expression(text.substr(inside, end - inside), check));
    at = end + 2;
    if (segment.kind == ScalarKind::insert && (start != 0 || at < text.size())) {
      return refused(
          "The directive 'insert' is not allowed in this context. Directives are not supported for "
          "expressions that are embedded within a string. Directives are only supported when the entire "
          "value "
          "is an expression.");
    }
    segments.push_back(std::move(segment));
  }
  return segments;
}

}  // namespace

base::Result<TemplateScalar> read_template_scalar(std::string_view text, const ExpressionCheck& check) {
  if (!has_expression(text)) return TemplateScalar{ScalarKind::literal, std::string(text)};
  TRY(const auto segments, split(text, check));
  if (segments.size() == 1) {
    std::string literal;
    if (segments[0].kind == ScalarKind::expression && is_quoted_string(segments[0].text, literal))
      return TemplateScalar{ScalarKind::literal, std::move(literal)};
    return TemplateScalar{segments[0].kind, segments[0].text};
  }
  auto expression = formatted(segments);
  TRY(check(expression));
  return TemplateScalar{ScalarKind::expression, std::move(expression)};
}

}  // namespace workflow::expression
