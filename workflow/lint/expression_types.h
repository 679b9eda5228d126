#pragma once
// The type of an expression, and what can only be a mistake in it: members that are not there, values that
// are used as what they are not, comparisons that never hold. Not for which context has which type
// (context_types) nor for where an expression stands (expression_places).

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "workflow/expression/syntax.h"
#include "workflow/lint/types.h"

namespace workflow::lint {

inline constexpr std::string_view kUnknownProperty = "unknown-property";
inline constexpr std::string_view kExpressionType = "expression-type";
inline constexpr std::string_view kFormatArguments = "format-arguments";
inline constexpr std::string_view kJsonText = "json-text";
inline constexpr std::string_view kImpossibleComparison = "impossible-comparison";
inline constexpr std::string_view kConstantCondition = "constant-condition";
inline constexpr std::string_view kConditionInText = "condition-in-text";

struct TypeProblem {
  std::size_t offset = 0;  ///< in the expression
  std::string_view rule;
  std::string message;
};

/// What an expression may ask of its surroundings.
struct TypeScope {
  /// The type of a context, or nothing where it is not known or may not be used.
  std::function<TypePointer(std::string_view context)> type_of_context;
  /// Why a context has no member of a name, when there is more to say than which it has; else "".
  std::function<std::string(std::string_view context, std::string_view name)> why_missing;
};

/// The expression's type; `any` where a problem was found.
TypePointer type_of_expression(const expression::Node& tree, const TypeScope& scope,
                               std::vector<TypeProblem>& problems);

/// Where a part of an expression starts: of an operator's or an index's first operand.
std::size_t start_of(const expression::Node& part);
/// The part as a path, `needs.build.outputs`; "" when it is none.
std::string path_of(const expression::Node& part);

/// The type that a call has, once the types of its arguments are known.
TypePointer type_of_call(const expression::Node& call, const std::vector<TypePointer>& arguments,
                         std::vector<TypeProblem>& problems);

/// Says what is wrong when two types can never be equal (or ordered) in any way that means something; else
/// "".
std::string problem_of_comparison(const expression::Node& comparison, const Type& left, const Type& right);
/// Says why a string is never equal to the literal that it is compared with; else "".
std::string why_never_equal(const expression::Node& comparison, const Type& left, const Type& right);

}  // namespace workflow::lint
