#pragma once
// The part of Handlebars that docker's actions document: `{{name}}`, `{{name 'argument' key='value'}}`,
// `{{{name}}}` without escapes, `{{#if name}}…{{else}}…{{/if}}`, `{{#unless}}`, comments. Other blocks,
// partials and helpers are refused by name. Pure.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace steps::builtin {

/// A text in quotes, or the name of a value.
struct TemplateArgument {
  std::string text;
  bool is_name = false;
};

struct TemplateExpression {
  std::string name;
  std::vector<TemplateArgument> arguments;
  std::map<std::string, std::string> named;
};

/// The value of an expression; nothing when there is none of that name, which shows as nothing.
using TemplateValues = std::function<base::Result<std::optional<std::string>>(const TemplateExpression&)>;

base::Result<std::string> render_template(std::string_view text, const TemplateValues& values);
/// Whether the text is `{{name}}` and nothing else.
bool is_only_expression(std::string_view text, std::string_view name);

}  // namespace steps::builtin
