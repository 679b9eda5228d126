#include "workflow/contexts.h"

#include <fmt/format.h>

#include <cmath>

#include "base/strings.h"
#include "workflow/expression/template.h"

namespace workflow {

using expression::Value;

namespace {

expression::Surroundings surroundings_of(const Scope& scope) {
  return {.named_value = [&contexts = scope.contexts](std::string_view name) { return contexts.find(name); },
          .status = scope.status,
          .hash_files = scope.hash_files,
          .memory_limit = 10U << 20};
}

base::Error located(base::Error error, int line, int column) {
  if (line > 0) error.trace.push_back(fmt::format("at line {}, column {}", line, column));
  return error;
}

bool is_insert(const std::string& key) {
  const auto text = base::trim(key);
  if (!text.starts_with("${{") || !text.ends_with("}}")) return false;
  return base::trim(text.substr(3, text.size() - 5)) == "insert";
}

base::Result<Value> evaluate_members(const Node& node, const Scope& scope) {
  expression::Object object;
  for (const auto& [key, member] : node.members) {
    TRY(auto value, evaluate_node(member, scope));
    if (is_insert(key.text)) {
      if (!value.is_object()) {
        return located(base::make_error(base::ErrorKind::invalid_input, "insert needs a mapping"), key.line,
                       key.column);
      }
      for (const auto& [name, inserted] : value.object().members()) object.set(name, inserted);
      continue;
    }
    TRY(const auto name, evaluate_text(Text{key.text, key.line, key.column}, scope));
    object.set(name, std::move(value));
  }
  return Value(std::move(object));
}

base::Result<Value> evaluate_items(const Node& node, const Scope& scope) {
  expression::Array array;
  for (const auto& item : node.items) {
    TRY(auto value, evaluate_node(item, scope));
    // What an expression gives as a sequence stands in for its items.
    if (item.is_scalar() && value.is_array()) {
      array.insert(array.end(), value.array().begin(), value.array().end());
    } else {
      array.push_back(std::move(value));
    }
  }
  return Value(std::move(array));
}

}  // namespace

Value Contexts::get(std::string_view name) const {
  const auto* value = values_.find(name);
  return value == nullptr ? Value() : *value;
}

expression::Object& Contexts::own_object(std::string_view name) {
  auto& context = values_.member(name);
  if (!context.is_object()) context = Value(expression::Object());
  return context.own_object();
}

base::Result<std::string> evaluate_text(const Text& text, const Scope& scope) {
  auto result = expression::evaluate_text(text.text, surroundings_of(scope));
  if (!result) return located(std::move(result).error(), text.line, text.column);
  return result;
}

base::Result<Value> evaluate_node(const Node& node, const Scope& scope) {
  switch (node.kind) {
    case NodeKind::absent:
    case NodeKind::null:
      return Value();
    case NodeKind::boolean:
      return Value(base::to_lower(node.text) == "true");
    case NodeKind::number:
      return Value(number_of(node));
    case NodeKind::string: {
      auto value = expression::evaluate_template(node.text, surroundings_of(scope));
      if (!value) return located(std::move(value).error(), node.line, node.column);
      return value;
    }
    case NodeKind::sequence:
      return evaluate_items(node, scope);
    case NodeKind::mapping:
      return evaluate_members(node, scope);
  }
  return Value();
}

base::Result<bool> evaluate_boolean(const Node& node, bool fallback, const Scope& scope) {
  if (!node.present()) return fallback;
  TRY(const auto value, evaluate_node(node, scope));
  if (value.is_null()) return fallback;
  if (value.kind() == expression::Kind::boolean) return value.boolean();
  if (value.is_string() && (value.string() == "true" || value.string() == "false"))
    return value.string() == "true";
  return located(base::make_error(base::ErrorKind::invalid_input,
                                  fmt::format("expected true or false, found {}", value.to_text())),
                 node.line, node.column);
}

base::Result<double> evaluate_number(const Node& node, double fallback, const Scope& scope) {
  if (!node.present()) return fallback;
  TRY(const auto value, evaluate_node(node, scope));
  if (value.is_null()) return fallback;
  const double number = value.to_number();
  if (!std::isnan(number)) return number;
  return located(base::make_error(base::ErrorKind::invalid_input,
                                  fmt::format("expected a number, found {}", value.to_text())),
                 node.line, node.column);
}

base::Result<EnvList> evaluate_mapping(const Node& node, const Scope& scope) {
  EnvList list;
  TRY(const auto value, evaluate_node(node, scope));
  if (value.is_null()) return list;
  if (!value.is_object()) {
    return located(base::make_error(base::ErrorKind::invalid_input,
                                    fmt::format("expected a mapping, found {}", value.to_text())),
                   node.line, node.column);
  }
  for (const auto& [name, member] : value.object().members()) {
    if (member.is_array() || member.is_object()) {
      return located(base::make_error(base::ErrorKind::invalid_input,
                                      fmt::format("expected text for '{}', found a {}", name,
                                                  member.is_array() ? "sequence" : "mapping")),
                     node.line, node.column);
    }
    list.emplace_back(name, member.to_text());
  }
  return list;
}

base::Result<bool> evaluate_condition(const std::optional<Text>& condition, const Scope& scope) {
  if (!condition && scope.status.success) return scope.status.success({});
  TRY(const auto text, expression::condition_expression(condition ? condition->text : ""));
  auto value = expression::evaluate_expression(text, surroundings_of(scope));
  if (value) return value->truthy();
  return located(std::move(value).error(), condition ? condition->line : 0,
                 condition ? condition->column : 0);
}

}  // namespace workflow
