#include "workflow/expression/evaluator.h"

#include <fmt/format.h>

#include <cmath>

#include "base/strings.h"
#include "workflow/expression/functions.h"

namespace workflow::expression {

namespace {

using Evaluated = base::Result<Value>;

/// A value, and whether it is the result of `.*`: then an index applies to each element.
struct Filtered {
  Value value;
  bool filtered = false;
};

class Evaluator {
 public:
  explicit Evaluator(const Surroundings& surroundings) : surroundings_(surroundings) {}

  /// The innermost node that could not be evaluated.
  [[nodiscard]] const Node* failed_at() const { return failed_at_; }

  Evaluated value_of(const Node& node) {
    TRY(auto result, evaluate_node(node));
    return std::move(result.value);
  }

 private:
  base::Result<Filtered> evaluate_node(const Node& node) {
    auto result = evaluate_kind(node);
    if (!result && failed_at_ == nullptr) failed_at_ = &node;
    return result;
  }

  base::Result<Filtered> evaluate_kind(const Node& node) {
    switch (node.kind) {
      case NodeKind::literal:
        return Filtered{node.literal};
      case NodeKind::name:
        return named(node);
      case NodeKind::index:
        return index(node);
      case NodeKind::wildcard:
        return wildcard(node);
      case NodeKind::negation: {
        TRY(const auto operand, value_of(*node.children[0]));
        return Filtered{Value(!operand.truthy())};
      }
      case NodeKind::binary: {
        TRY(auto result, binary(node));
        return Filtered{std::move(result)};
      }
      case NodeKind::call: {
        TRY(auto result, call(node));
        return Filtered{std::move(result)};
      }
    }
    return base::invalid_input("unknown node");
  }

  base::Result<Filtered> named(const Node& node) {
    const Value* value = surroundings_.named_value ? surroundings_.named_value(node.name) : nullptr;
    if (value == nullptr) {
      return base::invalid_input(fmt::format("Unrecognized named-value: '{}'", node.name));
    }
    return Filtered{*value};
  }

  static Value element(const Value& value, const Value& key) {
    if (value.is_object()) {
      if (key.is_array() || key.is_object()) return {};
      return value.get(key.to_text());
    }
    if (value.is_array()) {
      const double number = key.to_number();
      if (std::isnan(number) || number < 0 || number >= static_cast<double>(value.array().size())) return {};
      return value.array()[static_cast<std::size_t>(std::floor(number))];
    }
    return {};
  }

  base::Result<Filtered> index(const Node& node) {
    TRY(const auto object, evaluate_node(*node.children[0]));
    TRY(const auto key, value_of(*node.children[1]));
    if (!object.filtered) return Filtered{element(object.value, key)};
    Array result;
    for (const auto& candidate : object.value.array()) {
      // A filtered array keeps what exists, a null value included.
      if (candidate.is_object() && !key.is_array() && !key.is_object()) {
        if (const auto* member = candidate.object().find(key.to_text()); member != nullptr)
          result.push_back(*member);
      } else if (candidate.is_array()) {
        const double number = key.to_number();
        if (number >= 0 && number < static_cast<double>(candidate.array().size()))
          result.push_back(element(candidate, key));
      }
    }
    return filtered(std::move(result));
  }

  static void append_elements(const Value& value, Array& result) {
    if (value.is_array()) result.insert(result.end(), value.array().begin(), value.array().end());
    if (value.is_object()) {
      for (const auto& [key, member] : value.object().members()) result.push_back(member);
    }
  }

  base::Result<Filtered> wildcard(const Node& node) {
    TRY(const auto object, evaluate_node(*node.children[0]));
    Array result;
    if (object.filtered) {
      for (const auto& candidate : object.value.array()) append_elements(candidate, result);
    } else {
      append_elements(object.value, result);
    }
    return filtered(std::move(result));
  }

  // The operand that decides, or the last.
  Evaluated chain(const Node& node) {
    const bool decides = node.op == Operator::logical_or;
    for (std::size_t i = 0; i + 1 < node.children.size(); ++i) {
      TRY(auto operand, value_of(*node.children[i]));
      if (operand.truthy() == decides) return operand;
    }
    return value_of(*node.children.back());
  }

  Evaluated binary(const Node& node) {
    if (node.op == Operator::logical_or || node.op == Operator::logical_and) return chain(node);
    TRY(const auto left, value_of(*node.children[0]));
    TRY(const auto right, value_of(*node.children[1]));
    switch (node.op) {
      case Operator::equal:
        return Value(loosely_equal(left, right));
      case Operator::not_equal:
        return Value(!loosely_equal(left, right));
      default:
        break;
    }
    const auto order = compare(left, right);
    if (!order) return Value(false);
    switch (node.op) {
      case Operator::less:
        return Value(*order < 0);
      case Operator::less_equal:
        return Value(*order <= 0);
      case Operator::greater:
        return Value(*order > 0);
      default:
        return Value(*order >= 0);
    }
  }

  base::Result<std::vector<std::string>> text_arguments(const Node& node) {
    std::vector<std::string> texts;
    for (const auto& child : node.children) {
      TRY(const auto value, value_of(*child));
      texts.push_back(value.to_text());
    }
    return texts;
  }

  Evaluated case_of(const Node& node) {
    const auto count = node.children.size();
    for (std::size_t i = 0; i + 1 < count; i += 2) {
      TRY(const auto predicate, value_of(*node.children[i]));
      if (predicate.kind() != Kind::boolean)
        return base::invalid_input("case predicate must evaluate to a boolean value");
      if (predicate.boolean()) return value_of(*node.children[i + 1]);
    }
    return value_of(*node.children[count - 1]);
  }

  Evaluated call(const Node& node) {
    const auto* signature = find_function(node.name);
    const auto name = signature == nullptr ? std::string_view() : signature->name;
    if (name == "case") return case_of(node);
    if (name == "always") return Value(true);
    const auto& status = surroundings_.status;
    if (is_status_function(name)) {
      TRY(const auto ids, text_arguments(node));
      if (!status.success)
        return base::invalid_input(fmt::format("The function {}() cannot be used here", name));
      if (name == "cancelled") return Value(status.cancelled());
      TRY(const bool holds, name == "success" ? status.success(ids) : status.failure(ids));
      return Value(holds);
    }
    if (name == "hashFiles") {
      TRY(const auto patterns, text_arguments(node));
      if (!surroundings_.hash_files)
        return base::invalid_input("The function hashFiles() cannot be used here");
      TRY(auto digest, surroundings_.hash_files(patterns));
      return Value(std::move(digest));
    }
    std::vector<Value> arguments;
    for (const auto& child : node.children) {
      TRY(auto value, value_of(*child));
      arguments.push_back(std::move(value));
    }
    TRY(auto result, call_pure_function(node.name, arguments));
    // As the runner counts: every string that a function makes, 26 bytes and two for each character.
    if (result.is_string()) TRY(account_for(26 + 2 * result.string().size()));
    // What is read from a text is as large as it.
    if (name == "fromJSON" && arguments[0].is_string()) TRY(account_for(arguments[0].string().size()));
    return result;
  }

  // A filter may be applied again and again, each time to all that there is.
  base::Result<Filtered> filtered(Array elements) {
    TRY(account_for(sizeof(void*) * elements.size()));
    return Filtered{Value(std::move(elements)), true};
  }

  base::Result<void> account_for(std::size_t bytes) {
    memory_ += bytes;
    if (memory_ <= surroundings_.memory_limit) return {};
    return base::invalid_input(
        fmt::format("The maximum allowed memory size was exceeded: the values that this expression makes are "
                    "larger than {}",
                    base::format_bytes(surroundings_.memory_limit)));
  }

  const Surroundings& surroundings_;
  const Node* failed_at_ = nullptr;
  std::size_t memory_ = 0;
};

}  // namespace

base::Result<Value> evaluate(const Node& tree, const Surroundings& surroundings, std::string_view text) {
  Evaluator evaluator(surroundings);
  auto value = evaluator.value_of(tree);
  if (value || text.empty()) return value;
  auto error = std::move(value).error();
  error.message +=
      fmt::format(". Located at position {} within expression: {}", evaluator.failed_at()->offset + 1, text);
  return error;
}

base::Result<Value> evaluate_expression(std::string_view text, const Surroundings& surroundings) {
  TRY(const auto tree, parse_expression(text, [&](std::string_view name) {
        return surroundings.named_value && surroundings.named_value(name) != nullptr;
      }));
  return evaluate(*tree, surroundings, text);
}

}  // namespace workflow::expression
