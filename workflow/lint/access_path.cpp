#include "workflow/lint/access_path.h"

#include "base/strings.h"
#include "workflow/expression/template.h"

namespace workflow::lint {

namespace {

void visit_paths(const expression::Node& node, const std::function<void(const std::string& path)>& visit) {
  if (const auto path = access_path(node); !path.empty()) {
    visit(path);
    // What stands in the brackets along the way is read too.
    const expression::Node* part = &node;
    while (part->kind == expression::NodeKind::index || part->kind == expression::NodeKind::wildcard) {
      if (part->kind == expression::NodeKind::index) visit_paths(*part->children[1], visit);
      part = part->children[0].get();
    }
    return;
  }
  for (const auto& child : node.children) visit_paths(*child, visit);
}

}  // namespace

std::string access_path(const expression::Node& node) {
  if (node.kind == expression::NodeKind::name) return base::to_lower(node.name);
  if (node.kind != expression::NodeKind::index && node.kind != expression::NodeKind::wildcard) return "";
  auto path = access_path(*node.children[0]);
  if (path.empty()) return "";
  const bool is_named =
      node.kind == expression::NodeKind::index && node.children[1]->kind == expression::NodeKind::literal;
  return path + "." + (is_named ? base::to_lower(node.children[1]->literal.to_text()) : "*");
}

void every_expression(std::string_view text, const std::function<void(const expression::Node& tree)>& visit) {
  if (!expression::has_expression(text)) return;
  const auto parts = expression::split_template(text);
  if (!parts) return;
  for (const auto& part : *parts) {
    if (!part.is_expression) continue;
    const auto tree = expression::parse_expression(part.text);
    if (tree && *tree) visit(**tree);
  }
}

void every_access_path(std::string_view text, const std::function<void(const std::string& path)>& visit) {
  every_expression(text, [&](const expression::Node& tree) { visit_paths(tree, visit); });
}

}  // namespace workflow::lint
