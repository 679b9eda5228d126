#include "workflow/contexts.h"

#include <fmt/format.h>

#include <algorithm>
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

// The innermost place stays.
base::Error located(base::Error error, const Scope& scope, int line, int column) {
  if (line > 0 && !error.location) error.location = base::Location{std::string(scope.file), line, column};
  return error;
}

base::Error wrong_value(std::string message, const Scope& scope, const Node& node) {
  return located(base::invalid_input(std::move(message)), scope, node.line, node.column);
}

bool is_insert(const std::string& key) {
  const auto text = base::trim(key);
  if (!text.starts_with("${{") || !text.ends_with("}}")) return false;
  return base::trim(text.substr(3, text.size() - 5)) == "insert";
}

// A key that an expression gave must not be there yet, in whatever case (TemplateEvaluator of
// actions/runner); of keys as written the reader has seen to that.
base::Result<void> add_member(expression::Object& object, const std::string& name, Value value,
                              const Scope& scope, const Node& key) {
  if (expression::has_expression(key.text) && object.find(name) != nullptr)
    return wrong_value(fmt::format("'{}' is already defined", name), scope, key);
  object.set(name, std::move(value));
  return {};
}

// What is left of the size that the values of one document may have together: an expression may make much of
// little, and there may be many of them.
using Left = std::size_t;

bool take(const Value& value, Left& left) {
  constexpr std::size_t kEach = 32;
  const auto size = kEach + (value.is_string() ? value.string().size() : 0);
  left -= std::min(left, size);
  if (left == 0) return false;
  if (value.is_array()) {
    return std::all_of(value.array().begin(), value.array().end(),
                       [&](const Value& element) { return take(element, left); });
  }
  if (!value.is_object()) return true;
  return std::all_of(value.object().members().begin(), value.object().members().end(),
                     [&](const auto& member) { return take(member.second, left); });
}

base::Result<Value> evaluate_part(const Node& node, const Scope& scope, Left& left);

base::Result<Value> evaluate_string(const Node& node, const Scope& scope, Left& left) {
  auto value = expression::evaluate_template(node.text, surroundings_of(scope));
  if (!value) return located(std::move(value).error(), scope, node.line, node.column);
  if (expression::has_expression(node.text) && !take(*value, left)) {
    return located(base::invalid_input("Maximum object size exceeded: the values that the expressions make "
                                       "are larger than 10 MB together"),
                   scope, node.line, node.column);
  }
  return value;
}

base::Result<Value> evaluate_members(const Node& node, const Scope& scope, Left& left) {
  expression::Object object;
  for (const auto& [key, member] : node.members) {
    TRY(auto value, evaluate_part(member, scope, left));
    if (is_insert(key.text)) {
      if (!value.is_object()) {
        return wrong_value(fmt::format("insert needs a mapping, found a value of the kind {}",
                                       expression::name_of(value.kind())),
                           scope, member);
      }
      for (const auto& [name, inserted] : value.object().members())
        TRY(add_member(object, name, inserted, scope, key));
      continue;
    }
    TRY(const auto name, evaluate_text(Text{key.text, key.line, key.column}, scope));
    TRY(add_member(object, name, std::move(value), scope, key));
  }
  return Value(std::move(object));
}

base::Result<Value> evaluate_items(const Node& node, const Scope& scope, Left& left) {
  expression::Array array;
  for (const auto& item : node.items) {
    TRY(auto value, evaluate_part(item, scope, left));
    // What an expression gives as a sequence stands in for its items.
    if (item.is_scalar() && value.is_array()) {
      array.insert(array.end(), value.array().begin(), value.array().end());
    } else {
      array.push_back(std::move(value));
    }
  }
  return Value(std::move(array));
}

base::Result<Value> evaluate_part(const Node& node, const Scope& scope, Left& left) {
  switch (node.kind) {
    case NodeKind::absent:
    case NodeKind::null:
      return Value();
    case NodeKind::boolean:
      return Value(base::to_lower(node.text) == "true");
    case NodeKind::number:
      return Value(number_of(node));
    case NodeKind::string:
      return evaluate_string(node, scope, left);
    case NodeKind::sequence:
      return evaluate_items(node, scope, left);
    case NodeKind::mapping:
      return evaluate_members(node, scope, left);
  }
  return Value();
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
  if (!result) return located(std::move(result).error(), scope, text.line, text.column);
  return result;
}

base::Result<Value> evaluate_node(const Node& node, const Scope& scope) {
  Left left = expression::kMaxText;
  return evaluate_part(node, scope, left);
}

base::Result<bool> evaluate_boolean(const Node& node, bool fallback, const Scope& scope) {
  if (!node.present()) return fallback;
  TRY(const auto value, evaluate_node(node, scope));
  if (value.is_null()) return fallback;
  if (value.kind() == expression::Kind::boolean) return value.boolean();
  if (value.is_string() && (value.string() == "true" || value.string() == "false"))
    return value.string() == "true";
  return wrong_value(fmt::format("expected true or false, found {}", value.to_text()), scope, node);
}

base::Result<double> evaluate_number(const Node& node, double fallback, const Scope& scope) {
  if (!node.present()) return fallback;
  TRY(const auto value, evaluate_node(node, scope));
  if (value.is_null()) return fallback;
  const double number = value.to_number();
  if (!std::isnan(number)) return number;
  return wrong_value(fmt::format("expected a number, found {}", value.to_text()), scope, node);
}

base::Result<EnvList> evaluate_mapping(const Node& node, const Scope& scope) {
  EnvList list;
  TRY(const auto value, evaluate_node(node, scope));
  if (value.is_null()) return list;
  if (!value.is_object()) {
    return wrong_value(fmt::format("expected a mapping, found {}", value.to_text()), scope, node);
  }
  for (const auto& [name, member] : value.object().members()) {
    if (member.is_array() || member.is_object()) {
      return wrong_value(
          fmt::format("expected text for '{}', found a {}", name, member.is_array() ? "sequence" : "mapping"),
          scope, node);
    }
    list.emplace_back(name, member.to_text());
  }
  return list;
}

namespace {

// The tree is of the text as written, so that positions are the reader's own: `success() &&` is not put
// before it but asked here.
base::Result<bool> condition_holds(std::string_view condition, const expression::Surroundings& surroundings) {
  TRY(const auto text, expression::unwrapped_condition(condition));
  TRY(const auto tree, expression::parse_expression(text, [&](std::string_view name) {
        return surroundings.named_value(name) != nullptr;
      }));
  if (!expression::asks_for_status(*tree)) {
    if (!surroundings.status.success)
      return base::invalid_input("a condition cannot be used here: there is no status to ask for");
    TRY(const bool success, surroundings.status.success({}));
    if (!success) return false;
  }
  TRY(const auto value, expression::evaluate(*tree, surroundings, text));
  return value.truthy();
}

}  // namespace

base::Result<bool> evaluate_condition(const std::optional<Text>& condition, const Scope& scope) {
  if (!condition && scope.status.success) return scope.status.success({});
  auto holds = condition_holds(condition ? condition->text : "", surroundings_of(scope));
  if (holds || !condition) return holds;
  return located(std::move(holds).error(), scope, condition->line, condition->column);
}

base::Error in_file(base::Error error, std::string_view file) {
  if (error.location && error.location->file.empty()) error.location->file = file;
  return error;
}

}  // namespace workflow
