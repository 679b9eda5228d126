#pragma once
// What a run will do, as plain data: the jobs that were asked for with their needs, and, as far as no job has
// to run first, their legs. Pure; printed by --dry-run.

#include <optional>
#include <string>
#include <vector>

#include "base/json_fwd.h"
#include "base/result.h"
#include "workflow/contexts.h"
#include "workflow/expression/value.h"
#include "workflow/workflow.h"

namespace workflow {

/// One leg: a job with one combination of its matrix, or the job itself when it has none.
struct PlannedJob {
  const Workflow* workflow = nullptr;  ///< that the job is written in
  const Job* job = nullptr;
  std::string key;           ///< unique in the run and shown in logs: the id, for legs `id (a, 1)`
  std::string name;          ///< as displayed
  expression::Value matrix;  ///< object, or null
  int index = 0;             ///< strategy.job-index
  int total = 1;
  bool fail_fast = true;
  int max_parallel = 0;  ///< 0 is no limit
};

/// A job of the workflow with its legs.
struct JobGroup {
  const Job* job = nullptr;
  std::vector<std::string> needs;  ///< ids, as written
  std::vector<PlannedJob> legs;
  bool expanded = false;  ///< false: the matrix or the name waits for the needs' outputs
};

struct Plan {
  const Workflow* workflow = nullptr;  ///< must outlive the plan
  std::vector<JobGroup> groups;
};

/// `only` limits the plan to one job and what it needs. `contexts` holds github, vars and inputs.
base::Result<Plan> make_plan(const Workflow& workflow, const Contexts& contexts,
                             const std::optional<std::string>& only);

/// The legs of a job of the workflow; `contexts` also holds needs by now. An empty matrix from outputs is an
/// Error, as on GitHub.
base::Result<std::vector<PlannedJob>> expand_job(const Workflow& workflow, const Job& job,
                                                 const Contexts& contexts);

/// The strategy context of a leg.
expression::Value strategy_context(const PlannedJob& leg);

base::Json to_json(const Plan& plan);

}  // namespace workflow
