#pragma once
// Text of an expression → tree. Positions are offsets into the text, so that an error can point at them.
// Not for evaluating (evaluator) nor for `${{ }}` in text (template).

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "workflow/expression/value.h"

namespace workflow::expression {

enum class NodeKind { literal, name, index, wildcard, call, negation, binary };
enum class Operator { logical_or, logical_and, equal, not_equal, less, less_equal, greater, greater_equal };

struct Node;
using NodePointer = std::unique_ptr<const Node>;

/// children: index → {object, key}; wildcard → {object}; call → arguments; negation → {operand}; binary →
/// {left, right}, of a chain of && or || all its operands.
struct Node {
  NodeKind kind = NodeKind::literal;
  std::size_t offset = 0;  ///< where it starts in the expression
  Value literal;
  std::string name;  ///< of a name or a function, as written
  Operator op = Operator::equal;
  int height = 1;  ///< one more than the highest child
  std::vector<NodePointer> children;
};

inline constexpr std::size_t kMaxExpressionLength = 21'000;
inline constexpr int kMaxExpressionDepth = 50;

using NamePredicate = std::function<bool(std::string_view name)>;

/// A tree, or an Error whose message names the token and its 1-based position, as GitHub words it. A name
/// that is no named value is such an Error too; without a predicate every name is one. Nothing is the literal
/// null.
base::Result<NodePointer> parse_expression(std::string_view text, const NamePredicate& is_named_value = {});

/// Calls the function for every node, parents first.
template <typename Visit>
void visit_nodes(const Node& node, const Visit& visit) {
  visit(node);
  for (const auto& child : node.children) visit_nodes(*child, visit);
}

}  // namespace workflow::expression
