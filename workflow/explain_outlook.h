#pragma once
// What is known at one place of a run that has not begun: contexts, and which of their members are still
// open. Internal to explain.

#include <set>
#include <string>

#include "workflow/explain.h"

namespace workflow {

/// Whether a step before this one is taken to have failed.
enum class JobSoFar { passed, failed };

struct Outlook {
  const Job* job = nullptr;
  const JobResults* results = nullptr;
  Contexts contexts;
  JobSoFar so_far = JobSoFar::passed;
  bool all_goes_well = false;  ///< of what is not known, nothing has failed
  bool in_steps = false;       ///< status functions are about the job's steps
  bool matrix_known = true;
  std::set<std::string> open_steps;      ///< ids in lower case: run before this, with outputs of their own
  std::set<std::string> doubtful_steps;  ///< of which it is not even known whether they run
  std::set<std::string> open_env;        ///< names whose values are not known
  std::set<std::string> open_inputs;     ///< of the call, whose values are not known
  bool a_step_ran = false;               ///< which may have set variables

  /// Refers to this outlook.
  [[nodiscard]] expression::PartialSurroundings surroundings() const;
};

/// What the jobs of the called workflow see, of what is known. An Error when it cannot be called so.
struct CallOutlook {
  Contexts contexts;
  std::set<std::string> open_inputs;
};
base::Result<CallOutlook> outlook_of_call(const Outlook& caller);

/// Where a job's condition is evaluated.
Outlook outlook_of(const Job& job, const JobResults& results, const Contexts& contexts);

ConditionExplanation explain_condition(const std::optional<Text>& condition, const Outlook& outlook);
/// What is known of a node: values, and `${{ … }}` where they are not.
base::Json known_part(const Node& node, const Outlook& outlook);
std::string known_text(std::string_view text, const Outlook& outlook);
/// What has to be known before the condition is: `needs.a.outputs.b is known when 'a' has run`.
std::vector<std::string> open_questions(const expression::Trace& trace);

/// The job's contexts in its steps are made here: strategy, matrix, env, runner, steps, job.
std::vector<StepExplanation> explain_steps(const Workflow& workflow, const PlannedJob& leg, Outlook outlook);

}  // namespace workflow
