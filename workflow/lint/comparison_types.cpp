#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/similar_name.h"
#include "workflow/lint/expression_types.h"

namespace workflow::lint {

namespace {

using expression::Operator;

bool is_collection(const Type& type) {
  return type.is(TypeKind::array) || type.is(TypeKind::object);
}

// A text that is no number: it is equal to no number and no boolean.
const std::string* text_without_number(const expression::Node& node) {
  if (node.kind != expression::NodeKind::literal || !node.literal.is_string()) return nullptr;
  return std::isnan(node.literal.to_number()) ? &node.literal.string() : nullptr;
}

std::string problem_of_equality(const expression::Node& comparison, const Type& left, const Type& right) {
  if (is_collection(left) || is_collection(right)) {
    const bool same_kind = left.kind == right.kind;
    const bool fits = same_kind && (!left.is(TypeKind::array) ||
                                    problem_of_equality(comparison, *left.element, *right.element).empty());
    if (fits || left.is(TypeKind::null) || right.is(TypeKind::null)) return "";
    return fmt::format("{} is never equal to {}", describe(left), describe(right));
  }
  for (const bool swapped : {false, true}) {
    const Type& type = swapped ? right : left;
    const auto* text = text_without_number(*comparison.children[swapped ? 0 : 1]);
    if (text == nullptr || !(type.is(TypeKind::boolean) || type.is(TypeKind::number))) continue;
    if (comparison.children[swapped ? 1 : 0]->kind == expression::NodeKind::literal) continue;
    const bool is_boolean = *text == "true" || *text == "false";
    const auto instead = type.is(TypeKind::boolean) && is_boolean
                             ? fmt::format("; compare with {} without quotes", *text)
                             : std::string();
    return fmt::format("{} is never equal to the string '{}'{}", describe(type), *text, instead);
  }
  return "";
}

std::string shown(const expression::Node& node) {
  const auto path = path_of(node);
  return path.empty() ? "this string" : fmt::format("'{}'", path);
}

std::string why_not_among(const expression::Node& compared, const Type& type, const std::string& text) {
  const bool known = text.empty() || type.values.empty() ||
                     std::any_of(type.values.begin(), type.values.end(), [&](const std::string& value) {
                       return base::equals_ignoring_case(value, text);
                     });
  if (known) return "";
  const auto similar = base::similar_name(text, type.values);
  return fmt::format("{} is never '{}': it is {}{}", shown(compared), text,
                     type.values.size() > 1 ? "one of " + listed(type.values) : "always " + type.values[0],
                     similar ? fmt::format("; did you mean '{}'?", *similar) : std::string());
}

}  // namespace

std::string problem_of_comparison(const expression::Node& comparison, const Type& left, const Type& right) {
  if (comparison.op == Operator::equal || comparison.op == Operator::not_equal) {
    if (left.is(TypeKind::any) || right.is(TypeKind::any)) return "";
    return problem_of_equality(comparison, left, right);
  }
  for (const Type* type : {&left, &right}) {
    const bool ordered = type->is(TypeKind::any) || type->is(TypeKind::number) || type->is(TypeKind::string);
    if (!ordered)
      return fmt::format("{} has no order: only numbers and strings are less or greater", describe(*type));
  }
  return "";
}

std::string why_never_equal(const expression::Node& comparison, const Type& left, const Type& right) {
  if (comparison.op != Operator::equal && comparison.op != Operator::not_equal) return "";
  for (const bool swapped : {false, true}) {
    const Type& type = swapped ? right : left;
    const expression::Node& compared = *comparison.children[swapped ? 1 : 0];
    const expression::Node& literal = *comparison.children[swapped ? 0 : 1];
    if (!type.is(TypeKind::string) || compared.kind == expression::NodeKind::literal) continue;
    if (literal.kind != expression::NodeKind::literal) continue;
    if (literal.literal.is_string()) return why_not_among(compared, type, literal.literal.string());
    if (literal.literal.kind() != expression::Kind::boolean) continue;
    const auto* word = literal.literal.boolean() ? "true" : "false";
    return fmt::format(
        "{0} is a string: compared with {1} it is read as a number, which the text '{1}' is not; "
        "compare with '{1}' in quotes",
        shown(compared), word);
  }
  return "";
}

}  // namespace workflow::lint
