#include "workflow/node.h"

#include <limits>

#include "base/json.h"
#include "base/strings.h"
#include "workflow/expression/value.h"

namespace workflow {

const Node& Node::operator[](std::string_view key) const {
  static const Node kAbsent;
  for (const auto& [name, value] : members) {
    if (name.text == key) return value;
  }
  return kAbsent;
}

double number_of(const Node& node) {
  std::string_view text = node.text;
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const auto lower = base::to_lower(text);
  if (lower == ".nan") return std::numeric_limits<double>::quiet_NaN();
  if (lower == ".inf") {
    const double infinity = std::numeric_limits<double>::infinity();
    return negative ? -infinity : infinity;
  }
  return expression::Value(node.text).to_number();
}

std::string text_of(const Node& scalar) {
  if (scalar.kind == NodeKind::boolean) return base::to_lower(scalar.text);
  if (scalar.kind == NodeKind::number) return expression::number_to_text(number_of(scalar));
  return scalar.kind == NodeKind::string ? scalar.text : std::string();
}

std::string_view name_of(NodeKind kind) {
  switch (kind) {
    case NodeKind::absent:
      return "nothing";
    case NodeKind::null:
      return "null";
    case NodeKind::boolean:
      return "boolean";
    case NodeKind::number:
      return "number";
    case NodeKind::string:
      return "string";
    case NodeKind::sequence:
      return "sequence";
    case NodeKind::mapping:
      return "mapping";
  }
  return "nothing";
}

base::Json to_json(const Node& node) {
  switch (node.kind) {
    case NodeKind::boolean:
      return base::to_lower(node.text) == "true";
    case NodeKind::number:
      return expression::to_json(expression::Value(number_of(node)));
    case NodeKind::string:
      return node.text;
    case NodeKind::sequence: {
      base::Json json = base::Json::array();
      for (const auto& item : node.items) json.push_back(to_json(item));
      return json;
    }
    case NodeKind::mapping: {
      base::Json json = base::Json::object();
      for (const auto& [key, value] : node.members) json[key.text] = to_json(value);
      return json;
    }
    default:
      return nullptr;
  }
}

}  // namespace workflow
