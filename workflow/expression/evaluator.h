#pragma once
// A tree and its surroundings → a value. An expression that cannot be evaluated is an Error, never an empty
// text.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "workflow/expression/syntax.h"
#include "workflow/expression/value.h"

namespace workflow::expression {

/// What success(), failure() and cancelled() answer from. Job ids may be given as arguments; one that cannot
/// be asked about is an Error.
struct StatusAnswers {
  std::function<base::Result<bool>(const std::vector<std::string>& ids)> success;
  std::function<base::Result<bool>(const std::vector<std::string>& ids)> failure;
  std::function<bool()> cancelled;
};

/// Everything an expression may ask for besides its own literals.
struct Surroundings {
  /// A named value (github, env …), or nullptr when there is none of that name here.
  std::function<const Value*(std::string_view name)> named_value;
  StatusAnswers status;
  /// hashFiles; absent where it may not be called.
  std::function<base::Result<std::string>(const std::vector<std::string>& patterns)> hash_files;
  /// Of all values that functions make while one expression is evaluated, in bytes of UTF-16.
  std::size_t memory_limit = 1U << 20;
};

/// With the text that the tree is of, an Error says at which position of it (1-based) evaluation failed.
base::Result<Value> evaluate(const Node& tree, const Surroundings& surroundings, std::string_view text = {});
/// Parses and evaluates. An Error says the position within the text.
base::Result<Value> evaluate_expression(std::string_view text, const Surroundings& surroundings);

}  // namespace workflow::expression
