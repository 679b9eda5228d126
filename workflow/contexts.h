#pragma once
// The named values that expressions see, and how the parts of a workflow that hold expressions are evaluated
// with them. Plain: who builds github, needs, steps … is the runner.

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "workflow/expression/evaluator.h"
#include "workflow/expression/value.h"
#include "workflow/workflow.h"

namespace workflow {

/// github, env, vars, secrets, inputs, job, jobs, steps, runner, strategy, matrix, needs. Names are without
/// case.
class Contexts {
 public:
  [[nodiscard]] const expression::Value* find(std::string_view name) const { return values_.find(name); }
  [[nodiscard]] expression::Value get(std::string_view name) const;
  void set(std::string_view name, expression::Value value) { values_.set(name, std::move(value)); }
  /// Sets one member of a context that is an object (made when missing).
  void set_member(std::string_view name, std::string_view key, expression::Value value) {
    own_object(name).set(key, std::move(value));
  }
  /// A context as an object of its own, to set many members of it.
  expression::Object& own_object(std::string_view name);

 private:
  expression::Object values_;
};

/// Contexts and what functions need besides them.
struct Scope {
  const Contexts& contexts;
  expression::StatusAnswers status = {};
  std::function<base::Result<std::string>(const std::vector<std::string>& patterns)> hash_files = {};
  std::string_view file = {};  ///< that the texts are of, for the places of errors
};

using EnvList = std::vector<std::pair<std::string, std::string>>;

/// A text with its expressions evaluated. As of all of these, the Error has the place of the text, and says
/// the position within the expression.
base::Result<std::string> evaluate_text(const Text& text, const Scope& scope);
/// What has no place in a file yet is given that one: for who knows the file, as Scope may not.
base::Error in_file(base::Error error, std::string_view file);
/// Any node: scalars keep their type, `${{ insert }}` keys merge, sequences in sequences are flattened.
base::Result<expression::Value> evaluate_node(const Node& node, const Scope& scope);
/// An absent node gives the fallback; a node that is no boolean (number) after evaluation is an Error.
base::Result<bool> evaluate_boolean(const Node& node, bool fallback, const Scope& scope);
base::Result<double> evaluate_number(const Node& node, double fallback, const Scope& scope);
/// A mapping of texts in its order; absent gives none.
base::Result<EnvList> evaluate_mapping(const Node& node, const Scope& scope);
/// Whether an `if:` holds; absent means success(). Braces are optional; without a status function it is
/// `success() && (…)`.
base::Result<bool> evaluate_condition(const std::optional<Text>& condition, const Scope& scope);

}  // namespace workflow
