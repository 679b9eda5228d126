#include "workflow/lint/places.h"

#include <algorithm>

#include "workflow/expression/template.h"

namespace workflow::lint {

namespace {

void visit_below(const Node& key, const Node& node, std::string_view path, const VisitPlace& visit) {
  if (path.empty()) {
    visit(key, node);
    return;
  }
  const auto slash = path.find('/');
  const auto name = path.substr(0, slash);
  const auto rest = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  if (name == "[]") {
    for (const auto& item : node.items) visit_below(key, item, rest, visit);
    return;
  }
  for (const auto& [member, value] : node.members) {
    if (name == "*" || member.text == name) visit_below(member, value, rest, visit);
  }
}

}  // namespace

void for_each_at(const Node& root, std::string_view path, const VisitPlace& visit) {
  visit_below(root, root, path, visit);
}

Node place_of(const Text& text) {
  return {.kind = NodeKind::string, .line = text.line, .column = text.column, .text = text.text};
}

bool holds_expression(const Node& node) {
  return (node.is_scalar() && expression::has_expression(node.text)) ||
         std::any_of(node.items.begin(), node.items.end(), holds_expression) ||
         std::any_of(node.members.begin(), node.members.end(), [](const Member& member) {
           return holds_expression(member.key) || holds_expression(member.value);
         });
}

void report(const LintedFile& file, Diagnostics& findings, const Node& at, std::string message) {
  for (const auto& said : file.draft.diagnostics) {
    if (said.location.line == at.line && said.location.column == at.column) return;
  }
  findings.push_back({{file.path, at.line, at.column}, std::move(message)});
}

}  // namespace workflow::lint
