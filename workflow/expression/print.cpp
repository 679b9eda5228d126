#include "workflow/expression/print.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/json.h"
#include "base/strings.h"

namespace workflow::expression {

namespace {

struct Notation {
  std::string_view symbol;
  int binds;  // tighter is more
};

Notation notation_of(Operator op) {
  switch (op) {
    case Operator::logical_or:
      return {"||", 1};
    case Operator::logical_and:
      return {"&&", 2};
    case Operator::equal:
      return {"==", 3};
    case Operator::not_equal:
      return {"!=", 3};
    case Operator::less:
      return {"<", 4};
    case Operator::less_equal:
      return {"<=", 4};
    case Operator::greater:
      return {">", 4};
    case Operator::greater_equal:
      return {">=", 4};
  }
  return {"", 0};
}

// Whether the key may follow a dot.
bool is_property(const Node& key) {
  if (key.kind != NodeKind::literal || !key.literal.is_string() || key.literal.string().empty()) return false;
  const auto& name = key.literal.string();
  if (std::isalpha(static_cast<unsigned char>(name[0])) == 0 && name[0] != '_') return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
  });
}

std::string operand(const Node& child, int binds) {
  const bool looser = child.kind == NodeKind::binary && notation_of(child.op).binds <= binds;
  return looser ? fmt::format("({})", print(child)) : print(child);
}

std::string print_binary(const Node& node) {
  const auto notation = notation_of(node.op);
  std::string text;
  for (const auto& child : node.children) {
    if (!text.empty()) text += fmt::format(" {} ", notation.symbol);
    text += operand(*child, notation.binds);
  }
  return text;
}

std::string print_object(const Node& node) {
  constexpr int kTightest = 5;
  return node.kind == NodeKind::negation ? fmt::format("({})", print(node)) : operand(node, kTightest);
}

}  // namespace

std::string print(const Value& value) {
  switch (value.kind()) {
    case Kind::null:
      return "null";
    case Kind::string:
      return fmt::format("'{}'", base::replace_all(value.string(), "'", "''"));
    case Kind::array:
    case Kind::object:
      return base::to_text(to_json(value));
    default:
      return value.to_text();
  }
}

std::string print(const Node& tree) {
  switch (tree.kind) {
    case NodeKind::literal:
      return print(tree.literal);
    case NodeKind::name:
      return tree.name;
    case NodeKind::index: {
      const auto& key = *tree.children[1];
      if (is_property(key))
        return fmt::format("{}.{}", print_object(*tree.children[0]), key.literal.string());
      return fmt::format("{}[{}]", print_object(*tree.children[0]), print(key));
    }
    case NodeKind::wildcard:
      return print_object(*tree.children[0]) + ".*";
    case NodeKind::negation: {
      constexpr int kTightest = 5;
      return "!" + operand(*tree.children[0], kTightest);
    }
    case NodeKind::binary:
      return print_binary(tree);
    case NodeKind::call: {
      std::vector<std::string> arguments;
      for (const auto& child : tree.children) arguments.push_back(print(*child));
      return fmt::format("{}({})", tree.name, base::join(arguments, ", "));
    }
  }
  return "";
}

}  // namespace workflow::expression
