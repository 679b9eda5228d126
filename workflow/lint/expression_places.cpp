#include "workflow/lint/expression_places.h"

#include <algorithm>

#include "workflow/expression/characters.h"
#include "workflow/expression/template.h"

namespace workflow::lint {

namespace {

constexpr ValueRule kAnything{kText | kSequence | kMapping};

class Walker {
 public:
  explicit Walker(const std::function<void(const ExpressionPlace&)>& visit) : visit_(visit) {}

  void mapping(const Node& node, const MappingRule& rule, std::string_view contexts) {
    for (std::size_t i = 0; i < node.members.size(); ++i) {
      const auto& [key, member] = node.members[i];
      path_.push_back({key.text, i, &member});
      if (expression::has_expression(key.text)) {
        place(key, kAnything, contexts, true);
        const ValueRule& other = rule.other != nullptr ? *rule.other : kAnything;
        value(member, other, contexts);
      } else if (const auto* known = find(rule, key.text); known != nullptr) {
        value(member, known->value, known->value.contexts);
      } else if (rule.other != nullptr) {
        value(member, *rule.other, rule.other->contexts);
      }
      path_.pop_back();
    }
  }

 private:
  static const KeyRule* find(const MappingRule& rule, std::string_view key) {
    const auto found = std::find_if(rule.keys.begin(), rule.keys.end(),
                                    [&](const KeyRule& candidate) { return candidate.key == key; });
    return found == rule.keys.end() ? nullptr : &*found;
  }

  void value(const Node& node, const ValueRule& rule, std::string_view contexts) {
    if (node.is_mapping()) {
      if (rule.mapping != nullptr) {
        mapping(node, *rule.mapping, contexts);
      } else {
        for (std::size_t i = 0; i < node.members.size(); ++i) any_member(node, i, contexts);
      }
    } else if (node.is_sequence()) {
      for (std::size_t i = 0; i < node.items.size(); ++i) {
        path_.push_back({"", i, &node.items[i]});
        const ValueRule& item = rule.item != nullptr ? *rule.item : kAnything;
        value(node.items[i], item, rule.item != nullptr ? item.contexts : contexts);
        path_.pop_back();
      }
    } else if (node.is_scalar()) {
      if (rule.condition || (node.kind == NodeKind::string && expression::has_expression(node.text)))
        place(node, rule, contexts, false);
    }
  }

  void any_member(const Node& node, std::size_t position, std::string_view contexts) {
    const auto& [key, member] = node.members[position];
    path_.push_back({key.text, position, &member});
    if (expression::has_expression(key.text)) place(key, kAnything, contexts, true);
    value(member, kAnything, contexts);
    path_.pop_back();
  }

  void place(const Node& node, const ValueRule& rule, std::string_view contexts, bool is_key) {
    if (!contexts.empty()) visit_({node, rule, contexts, is_key, path_});
  }

  const std::function<void(const ExpressionPlace&)>& visit_;
  Path path_;
};

}  // namespace

void visit_expression_places(const Node& root, const MappingRule& rule,
                             const std::function<void(const ExpressionPlace&)>& visit) {
  Walker(visit).mapping(root, rule, kNone);
}

std::vector<EmbeddedExpression> embedded_expressions(std::string_view text) {
  std::vector<EmbeddedExpression> found;
  const auto parts = expression::split_template(text);
  if (!parts) return found;
  for (const auto& part : *parts) {
    if (!part.is_expression) continue;
    constexpr std::size_t kOpening = 3;  // ${{
    std::size_t offset = part.offset + kOpening;
    while (const auto length = expression::white_space_at(text, offset)) offset += length;
    found.push_back({part.text, offset});
  }
  return found;
}

}  // namespace workflow::lint
