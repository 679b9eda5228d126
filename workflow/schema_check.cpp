#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "workflow/expression/functions.h"
#include "workflow/expression/syntax.h"
#include "workflow/expression/template.h"
#include "workflow/schema.h"

namespace workflow {

namespace {

unsigned bit_of(NodeKind kind) {
  switch (kind) {
    case NodeKind::null:
      return kNull;
    case NodeKind::boolean:
      return kBoolean;
    case NodeKind::number:
      return kNumber;
    case NodeKind::string:
      return kString;
    case NodeKind::sequence:
      return kSequence;
    case NodeKind::mapping:
      return kMapping;
    case NodeKind::absent:
      break;
  }
  return 0;
}

bool lists(std::string_view contexts, std::string_view name) {
  const auto names = base::split(contexts, ' ');
  return std::any_of(names.begin(), names.end(),
                     [&](const auto& candidate) { return base::equals_ignoring_case(candidate, name); });
}

std::string expected_kinds(unsigned kinds) {
  std::vector<std::string> names;
  if ((kinds & kString) != 0) names.emplace_back("string");
  if ((kinds & kNumber) != 0) names.emplace_back("number");
  if ((kinds & kBoolean) != 0) names.emplace_back("boolean");
  if ((kinds & kSequence) != 0) names.emplace_back("sequence");
  if ((kinds & kMapping) != 0) names.emplace_back("mapping");
  return base::join(names, " or ");
}

class Checker {
 public:
  Checker(const std::string& file, Diagnostics& diagnostics) : file_(file), diagnostics_(diagnostics) {}

  void mapping(const Node& node, const MappingRule& rule) {
    for (const auto& [key, value] : node.members) {
      const auto found =
          std::find_if(rule.keys.begin(), rule.keys.end(),
                       [&, &name = key.text](const KeyRule& candidate) { return candidate.key == name; });
      if (found != rule.keys.end()) {
        this->value(value, found->value);
      } else if (rule.other != nullptr) {
        this->value(value, *rule.other);
      } else {
        report(key, fmt::format("Unexpected value '{}'", key.text));
      }
    }
    for (const auto& key : rule.keys) {
      if (key.required && !node[key.key].present())
        report(node, fmt::format("Required property is missing: {}", key.key));
    }
  }

 private:
  void value(const Node& node, const ValueRule& rule) {
    if (rule.condition && node.is_scalar()) {
      condition(node, rule);
      return;
    }
    const bool single_expression = node.kind == NodeKind::string && is_one_expression(node.text);
    const bool fits = (rule.kinds & bit_of(node.kind)) != 0;
    if (!fits && !(single_expression && !rule.contexts.empty())) {
      report(node, fmt::format("Unexpected value '{}': expected a {}, found a {}", shown(node),
                               expected_kinds(rule.kinds), name_of(node.kind)));
      return;
    }
    if (node.kind == NodeKind::string) expressions(node, rule.contexts);
    if (node.is_mapping() && rule.mapping != nullptr) mapping(node, *rule.mapping);
    if (node.is_sequence()) {
      static const ValueRule kScalars{kScalar | kNull, ""};
      for (const auto& item : node.items) value(item, rule.item != nullptr ? *rule.item : kScalars);
    }
  }

  static std::string shown(const Node& node) {
    constexpr std::size_t kLongest = 60;
    return node.text.size() > kLongest ? node.text.substr(0, kLongest) + "…" : node.text;
  }

  static bool is_one_expression(std::string_view text) {
    text = base::trim(text);
    return text.starts_with("${{") && text.ends_with("}}");
  }

  void expressions(const Node& node, std::string_view contexts) {
    if (!expression::has_expression(node.text)) return;
    if (contexts.empty()) {
      report(node, fmt::format("A template expression is not allowed in this context: '{}'", shown(node)));
      return;
    }
    const auto parts = expression::split_template(node.text);
    if (!parts) {
      report(node, parts.error().message);
      return;
    }
    for (const auto& part : *parts) {
      if (part.is_expression) expression_text(node, part.text, contexts);
    }
  }

  void condition(const Node& node, const ValueRule& rule) {
    const auto expression = expression::condition_expression(node.text);
    if (!expression) {
      report(node, expression.error().message);
      return;
    }
    expression_text(node, *expression, rule.contexts);
  }

  void expression_text(const Node& node, std::string_view text, std::string_view contexts) {
    const auto tree = expression::parse_expression(text);
    if (!tree) {
      report(node, tree.error().message);
      return;
    }
    expression::visit_nodes(**tree, [&](const expression::Node& part) {
      if (part.kind == expression::NodeKind::name && !lists(contexts, part.name)) {
        report(node,
               fmt::format("Unrecognized named-value: '{}'. Located at position {} within expression: {}. "
                           "Available here: {}",
                           part.name, part.offset + 1, text, named_values(contexts)));
      }
      if (part.kind != expression::NodeKind::call) return;
      const bool refused =
          (expression::is_status_function(part.name) && !lists(contexts, "status")) ||
          (base::equals_ignoring_case(part.name, "hashFiles") && !lists(contexts, "hashFiles"));
      if (refused) {
        report(node, fmt::format("Unrecognized function: '{}'. Located at position {} within expression: {}",
                                 part.name, part.offset + 1, text));
      }
    });
  }

  static std::string named_values(std::string_view contexts) {
    std::vector<std::string> names;
    for (auto& name : base::split(contexts, ' ')) {
      if (name != "status" && name != "hashFiles") names.push_back(std::move(name));
    }
    return base::join(names, ", ");
  }

  void report(const Node& node, std::string message) {
    constexpr std::size_t kLongest = 500;
    if (diagnostics_.size() >= kMaxDiagnostics) return;
    if (message.size() > kLongest) message = message.substr(0, kLongest - 3) + "...";
    diagnostics_.push_back({{file_, node.line, node.column}, std::move(message)});
  }

  const std::string& file_;
  Diagnostics& diagnostics_;
};

}  // namespace

void check_schema(const std::string& file, const Node& node, const MappingRule& rule,
                  Diagnostics& diagnostics) {
  Checker(file, diagnostics).mapping(node, rule);
}

}  // namespace workflow
