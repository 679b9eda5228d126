#pragma once
// Every place of a document that holds an expression, as the schema's table knows them: with its contexts,
// with what it may become, and with the way that leads there. Not for what is wrong with it.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "workflow/schema.h"

namespace workflow::lint {

/// One key, or one item of a sequence, on the way from the root to a place.
struct PathSegment {
  std::string_view key;        ///< "" of an item
  std::size_t position = 0;    ///< among the members or items
  const Node* node = nullptr;  ///< what stands there
};
using Path = std::vector<PathSegment>;

/// A scalar that holds an expression: text with `${{ }}`, or a condition. All of it lives as long as the
/// document and the schema.
struct ExpressionPlace {
  const Node& node;
  const ValueRule& rule;      ///< what may stand there
  std::string_view contexts;  ///< what it may use; never empty
  bool is_key = false;        ///< the expression is in a key; the path ends with its value
  const Path& path;
};

/// In the order of the document.
void visit_expression_places(const Node& root, const MappingRule& rule,
                             const std::function<void(const ExpressionPlace&)>& visit);

/// An expression inside a scalar's text.
struct EmbeddedExpression {
  std::string text;
  std::size_t offset = 0;  ///< of its first character in the scalar's text
};
/// All of a text with `${{ }}`; none when it is not closed anywhere.
std::vector<EmbeddedExpression> embedded_expressions(std::string_view text);

}  // namespace workflow::lint
