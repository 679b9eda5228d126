#pragma once
// The types of all contexts at each place of a workflow or an action: which job it is in, which steps came
// before. Places must come in the order of the document.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "workflow/lint/context_types.h"
#include "workflow/lint/expression_places.h"

namespace workflow::lint {

class ScopeTypes {
 public:
  /// Of a workflow or of an action, told by whether it has jobs or `runs`. All must outlive it.
  ScopeTypes(const Node& root, const LintConfig& config, ProjectTypes& project);

  /// The contexts as the place sees them, until the next call.
  const ContextTypes& at(const ExpressionPlace& place);
  /// Why `needs`, `steps` … have no member of that name there; "" when there is nothing to add.
  std::string why_missing(std::string_view context, std::string_view name);

 private:
  void enter_job(const PathSegment& job);
  void enter_step(const Path& path, std::size_t steps_at);
  TypePointer steps_type(const Node& steps);
  void add_step(const Node& step, Type& steps);
  void pass_step(const Node& step);
  void input_defaults(const Path& path);
  [[nodiscard]] TypePointer type_of_matrix_text(const Node& scalar) const;
  std::string why_step_is_missing(std::string_view id);

  const Node& root_;
  ProjectTypes& project_;
  ContextTypes types_;
  TypePointer all_inputs_;
  const Node* job_ = nullptr;           ///< the one that the last place was in
  std::shared_ptr<Type> steps_before_;  ///< grows from step to step
  std::size_t steps_passed_ = 0;
  std::shared_ptr<Type> inputs_before_;  ///< grows from input to input
  std::size_t inputs_passed_ = 0;
  TypePointer all_steps_;
  /// For messages: the first job that has a step of the id.
  std::optional<std::map<std::string_view, std::string_view, base::LessIgnoringCase>> jobs_of_steps_;
};

}  // namespace workflow::lint
