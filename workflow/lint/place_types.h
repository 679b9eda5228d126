#pragma once
// Whether a type fits where its expression stands: a mapping at `env`, a number at `timeout-minutes`, what an
// input was declared to be. Not for what is wrong inside of the expression (expression_types).

#include <string>

#include "workflow/lint/context_types.h"
#include "workflow/lint/expression_places.h"

namespace workflow::lint {

/// What is wrong with a value of this type at the place, by the schema; else "".
std::string problem_of_place(const ExpressionPlace& place, const Type& type);

/// The same by the declaration of an input: for its default, and where a workflow of the project is called
/// with it.
std::string problem_of_input(const ExpressionPlace& place, const Type& type, ProjectTypes& project);

}  // namespace workflow::lint
