#pragma once
// What a run of a workflow would do and why, before it does: the triggers, each job with its condition's
// tree, each step, the settings in effect. Pure data, printed by explain_text and to_json. What only a run
// can know stays unknown; what is not known to fail is not taken to succeed.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/json_fwd.h"
#include "workflow/event.h"
#include "workflow/expression/trace.h"
#include "workflow/job_results.h"
#include "workflow/plan.h"

namespace workflow {

enum class Answer { yes, no, unknown };
std::string_view to_string(Answer answer);

/// One pattern of a filter, and what it was held against.
struct PatternExplanation {
  std::string pattern;
  std::string held_against;
  bool matches = false;
};

struct FilterExplanation {
  std::string key;  ///< branches, tags-ignore, paths, types
  bool passes = false;
  std::vector<PatternExplanation> patterns;
  std::string note;
};

/// One event of `on:`.
struct TriggerExplanation {
  std::string event;
  int line = 0;
  int column = 0;
  bool fires = false;
  std::string why;  ///< or why not
  std::vector<FilterExplanation> filters;
};

/// An `if:`, with `success() &&` before it where it asks for no status.
struct ConditionExplanation {
  std::string written;  ///< empty when there is none
  Answer holds = Answer::unknown;
  expression::Trace trace;
  bool success_added = false;

  /// The trace of what is written.
  [[nodiscard]] const expression::Trace& own() const {
    return success_added && trace.children.size() == 2 ? trace.children.back() : trace;
  }
};

struct StepExplanation {
  std::string id;
  std::string title;
  Answer runs = Answer::unknown;                  ///< as long as no step before it fails
  Answer runs_after_a_failure = Answer::unknown;  ///< of a step before it
  std::string why;
  ConditionExplanation condition;
};

struct JobExplanation;

struct LegExplanation {
  std::string name;
  expression::Value matrix;
  base::Json settings;  ///< runs-on, environment, concurrency …, what is unknown as `${{ … }}`
  std::vector<StepExplanation> steps;
  std::vector<JobExplanation> called;  ///< of a call: the jobs of the workflow, as far as it can be read
  std::string call_fails;              ///< why it cannot be called
};

struct JobExplanation {
  const Job* job = nullptr;
  Answer runs = Answer::unknown;
  Answer runs_if_all_goes_well = Answer::unknown;
  std::string why;
  std::string because_of;                ///< the job that makes it skip
  std::optional<JobConclusion> assumed;  ///< how it is taken to end
  ConditionExplanation condition;
  base::Json permissions;
  std::string permissions_from;  ///< job, workflow, caller or repository
  std::string legs_unknown;      ///< why its legs are not known yet
  std::vector<LegExplanation> legs;
};

struct Explanation {
  const Workflow* workflow = nullptr;
  Event event;
  bool triggered = false;
  std::string why_not_triggered;
  base::Json concurrency;  ///< of the workflow; null when it has none
  std::vector<TriggerExplanation> triggers;
  std::vector<JobExplanation> jobs;  ///< in the order of the file
};

/// How jobs are taken to end, by lower-case id, those of called workflows as `caller/id`; `*` is every job
/// that is not named.
using Assumptions = std::map<std::string, JobConclusion>;

/// `contexts` holds what is the same for all jobs: github, vars, secrets and inputs, and `env` when variables
/// are given from outside.
Explanation explain(const Plan& plan, const Event& event, const Contexts& contexts,
                    const Assumptions& assumptions = {});

/// The parts of it.
std::vector<TriggerExplanation> explain_triggers(const Workflow& workflow, const Event& event);

base::Json to_json(const Explanation& explanation);

}  // namespace workflow
