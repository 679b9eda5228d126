#include "workflow/lint/expression_types.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/similar_name.h"

namespace workflow::lint {

namespace {

using expression::Operator;

// Of an expression, and of it when it holds: `a && 'x'` is a boolean or a string, but then a string.
struct Typed {
  TypePointer type;
  TypePointer when_true;
};

Typed plain(const TypePointer& type) {
  return {type, type};
}

std::string named(const expression::Node& part) {
  const auto path = path_of(part);
  return path.empty() ? "this value" : fmt::format("'{}'", path);
}

class TypeChecker {
 public:
  TypeChecker(const TypeScope& scope, std::vector<TypeProblem>& problems)
      : scope_(scope), problems_(problems) {}

  Typed check(const expression::Node& node) {
    switch (node.kind) {
      case expression::NodeKind::literal:
        return plain(type_of_value(node.literal));
      case expression::NodeKind::name:
        return plain(context(node));
      case expression::NodeKind::index:
        return plain(index(node));
      case expression::NodeKind::wildcard:
        return plain(wildcard(node));
      case expression::NodeKind::call:
        return plain(call(node));
      case expression::NodeKind::negation:
        check(*node.children[0]);
        return plain(boolean_type());
      case expression::NodeKind::binary:
        return binary(node);
    }
    return plain(any_type());
  }

 private:
  TypePointer context(const expression::Node& node) const {
    auto type = scope_.type_of_context ? scope_.type_of_context(node.name) : nullptr;
    return type == nullptr ? any_type() : type;
  }

  TypePointer call(const expression::Node& node) {
    std::vector<TypePointer> arguments;
    for (const auto& child : node.children) arguments.push_back(check(*child).type);
    return type_of_call(node, arguments, problems_);
  }

  Typed binary(const expression::Node& node) {
    if (node.op == Operator::logical_and || node.op == Operator::logical_or) return chain(node);
    const auto left = check(*node.children[0]).type;
    const auto right = check(*node.children[1]).type;
    if (auto problem = problem_of_comparison(node, *left, *right); !problem.empty())
      report(start_of(node), kExpressionType, std::move(problem));
    if (auto why = why_never_equal(node, *left, *right); !why.empty())
      report(start_of(node), kImpossibleComparison, std::move(why));
    return plain(boolean_type());
  }

  Typed chain(const expression::Node& node) {
    const bool either = node.op == Operator::logical_or;
    Typed result;
    for (const auto& child : node.children) {
      const bool last = child == node.children.back();
      const auto typed = check(*child);
      const auto& passed_on = either && !last ? typed.when_true : typed.type;
      result.type = result.type == nullptr ? passed_on : merged(result.type, passed_on);
      const bool adds = either && result.when_true != nullptr;
      result.when_true = adds ? merged(result.when_true, typed.when_true) : typed.when_true;
    }
    return result;
  }

  TypePointer wildcard(const expression::Node& node) {
    const auto type = check(*node.children[0]).type;
    if (type->filtered) return filtered_array_of(elements_of(*type->element));
    if (type->is_scalar() || type->is(TypeKind::null)) {
      return wrong(node.offset, kExpressionType,
                   fmt::format("`.*` takes the elements of an array or the values of an object, but {} is {}",
                               named(*node.children[0]), describe(*type)));
    }
    return filtered_array_of(elements_of(*type));
  }

  static TypePointer elements_of(const Type& type) {
    if (type.is(TypeKind::array)) return type.element;
    if (!type.is(TypeKind::object)) return any_type();
    TypePointer all = type.other;
    for (const auto& [key, member] : type.members)
      all = all == nullptr ? member.type : merged(all, member.type);
    return all == nullptr ? any_type() : all;
  }

  TypePointer index(const expression::Node& node) {
    const auto receiver = check(*node.children[0]).type;
    const expression::Node& key = *node.children[1];
    const auto key_type = check(key).type;
    switch (receiver->kind) {
      case TypeKind::any:
        return any_type();
      case TypeKind::object:
        return member(node, *receiver, key, *key_type);
      case TypeKind::array:
        return receiver->filtered ? members_of_each(node, *receiver->element, key, *key_type)
                                  : element(node, *receiver, key, *key_type);
      default:
        return wrong(
            key.offset, kExpressionType,
            fmt::format("{} is {}, which has no members", named(*node.children[0]), describe(*receiver)));
    }
  }

  TypePointer member(const expression::Node& node, const Type& object, const expression::Node& key,
                     const Type& key_type) {
    if (key.kind != expression::NodeKind::literal || key_type.is(TypeKind::null)) {
      if (key_type.is(TypeKind::string) || key_type.is(TypeKind::any)) return any_member(object);
      return wrong(key.offset, kExpressionType,
                   fmt::format("members of {} are found by a string, but this is {}",
                               named(*node.children[0]), describe(key_type)));
    }
    const auto name = key.literal.to_text();
    auto type = object.member(name);
    return type != nullptr ? type : missing(node, object, name);
  }

  static TypePointer any_member(const Type& object) {
    return object.members.empty() && object.other != nullptr ? object.other : any_type();
  }

  TypePointer missing(const expression::Node& node, const Type& object, const std::string& name) {
    const expression::Node& receiver = *node.children[0];
    const expression::Node& key = *node.children[1];
    auto message = fmt::format("{} has no '{}'", named(receiver), name);
    std::string why;
    if (receiver.kind == expression::NodeKind::name && scope_.why_missing)
      why = scope_.why_missing(receiver.name, name);
    const auto names = member_names(object);
    if (const auto similar = base::similar_name(name, names); similar && why.empty()) {
      message += fmt::format("; did you mean '{}'?", *similar);
    } else if (!why.empty()) {
      message += "; " + why;
    } else if (!names.empty()) {
      message += fmt::format("; it has {}", listed(names));
    }
    return wrong(key.offset, kUnknownProperty, std::move(message));
  }

  TypePointer element(const expression::Node& node, const Type& array, const expression::Node& key,
                      const Type& key_type) {
    const bool numeric = key.kind == expression::NodeKind::literal && !std::isnan(key.literal.to_number());
    if (numeric || key_type.is(TypeKind::number) || key_type.is(TypeKind::any)) return array.element;
    return wrong(key.offset, kExpressionType,
                 fmt::format("{} is an array: its elements are found by a number, but this is {}; `.*` "
                             "takes a member of each element",
                             named(*node.children[0]), describe(key_type)));
  }

  // Behind `.*`: of each object its member, of each array its element, and nothing of the rest.
  TypePointer members_of_each(const expression::Node& node, const Type& element, const expression::Node& key,
                              const Type& key_type) {
    if (element.is(TypeKind::array) && key_type.is(TypeKind::number))
      return filtered_array_of(element.element);
    if (!element.is(TypeKind::object) || key.kind != expression::NodeKind::literal)
      return filtered_array_of(any_type());
    const auto name = key.literal.to_text();
    if (auto type = element.member(name); type != nullptr) return filtered_array_of(type);
    missing(node, element, name);
    return filtered_array_of(any_type());
  }

  TypePointer wrong(std::size_t offset, std::string_view rule, std::string message) {
    report(offset, rule, std::move(message));
    return any_type();
  }

  void report(std::size_t offset, std::string_view rule, std::string message) {
    problems_.push_back({offset, rule, std::move(message)});
  }

  const TypeScope& scope_;
  std::vector<TypeProblem>& problems_;
};

}  // namespace

TypePointer type_of_expression(const expression::Node& tree, const TypeScope& scope,
                               std::vector<TypeProblem>& problems) {
  return TypeChecker(scope, problems).check(tree).type;
}

std::size_t start_of(const expression::Node& part) {
  const bool behind = part.kind == expression::NodeKind::index ||
                      part.kind == expression::NodeKind::wildcard ||
                      part.kind == expression::NodeKind::binary;
  return behind ? std::min(part.offset, start_of(*part.children[0])) : part.offset;
}

std::string path_of(const expression::Node& part) {
  if (part.kind == expression::NodeKind::name) return part.name;
  if (part.kind == expression::NodeKind::wildcard) {
    const auto path = path_of(*part.children[0]);
    return path.empty() ? path : path + ".*";
  }
  if (part.kind != expression::NodeKind::index || part.children[1]->kind != expression::NodeKind::literal)
    return "";
  const auto path = path_of(*part.children[0]);
  const auto& key = part.children[1]->literal;
  if (path.empty()) return "";
  return key.is_string() ? fmt::format("{}.{}", path, key.string())
                         : fmt::format("{}[{}]", path, key.to_text());
}

}  // namespace workflow::lint
