#pragma once
// The functions of the expression language: how many arguments each takes, and the pure ones themselves.
// Status functions and hashFiles get their answers from outside (evaluator's Surroundings).

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "workflow/expression/value.h"

namespace workflow::expression {

struct FunctionSignature {
  std::string_view name;
  std::size_t least;
  std::size_t most;
};
/// All functions, or nullptr for an unknown name. Names are without case.
const FunctionSignature* find_function(std::string_view name);
/// Of all functions, as GitHub writes them.
std::vector<std::string> function_names();
/// success, failure, cancelled, always.
bool is_status_function(std::string_view name);

/// What is wrong with calling it so, in GitHub's words; nothing when it is fine.
std::optional<std::string> check_call(std::string_view name, std::size_t arguments);

/// contains, startsWith, endsWith, format, join, toJSON, fromJSON. The name must be one of these.
base::Result<Value> call_pure_function(std::string_view name, const std::vector<Value>& arguments);

}  // namespace workflow::expression
