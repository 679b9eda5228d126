#pragma once
// Which type each context has, as far as a workflow and its project tell. Where they do not tell, a member is
// `any` or the context open. Not for which contexts a place may use (schema).

#include <functional>
#include <string>
#include <string_view>

#include "workflow/lint/lint.h"
#include "workflow/lint/project_types.h"
#include "workflow/lint/types.h"
#include "workflow/node.h"

namespace workflow::lint {

/// Absent ones are not known.
struct ContextTypes {
  TypePointer github, env, vars, secrets, inputs, job, jobs, steps, runner, strategy, matrix, needs;

  /// The context of the name, without case; nothing when there is none, or it is not known.
  [[nodiscard]] TypePointer find(std::string_view name) const;
};

/// docs.github.com contexts, and what the runner adds. `on` is that of the workflow.
TypePointer github_type(const Node& on);
TypePointer runner_type();
TypePointer strategy_type();
TypePointer vars_type(const LintConfig& config);
/// Those of a workflow that is only ever called are the ones it declares, if it declares any.
TypePointer secrets_type(const Node& on, const LintConfig& config);
/// Of workflow_dispatch and workflow_call together; without either there are none.
TypePointer inputs_type(const Node& on);
/// What an input of a workflow becomes, from its declaration; `any` when that cannot be told.
TypePointer type_of_input(const Node& declaration);
/// Of the job's own services and container.
TypePointer job_type(const Node& job);

/// `on` may be a text, a list or a mapping.
bool has_event(const Node& on, std::string_view event);

/// Types an expression that stands in a matrix.
using TypeOfText = std::function<TypePointer(const Node& scalar)>;
TypePointer matrix_type(const Node& strategy, const TypeOfText& type_of_text);

/// The jobs that the job names in `needs`, and no others.
TypePointer needs_type(const Node& job, const Type& jobs);
/// All jobs with their results, as the outputs of a workflow that is called see them.
TypePointer jobs_type(const Node& jobs, ProjectTypes& project);
/// What `steps.<id>` is behind the step.
TypePointer step_type(const Node& step, ProjectTypes& project);

/// Whether some of the mapping's keys are made by expressions, so that there may be any.
bool has_computed_keys(const Node& mapping);

}  // namespace workflow::lint
