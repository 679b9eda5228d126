#pragma once
// Runs a plan: starts every job whose needs are done, waits for one to end, marks it, again. Only this loop
// changes the plan; jobs run on threads of their own and meet it in one queue.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "runner/job_runner.h"
#include "runner/run_store.h"
#include "workflow/contexts.h"
#include "workflow/plan.h"

namespace runner {

/// How one leg is run; real runs give run_job, tests a function of their own.
using RunLeg = std::function<JobResult(const workflow::PlannedJob& leg, const workflow::Contexts& contexts,
                                       const std::stop_token& stop)>;

struct FinishedLeg {
  std::string key;
  std::string name;
  steps::Conclusion conclusion = steps::Conclusion::success;
  std::string reason;          ///< why it was skipped or cancelled, or that it is kept
  bool runner_failed = false;  ///< the runner could not run it
  double milliseconds = 0;
  steps::Outputs outputs;
};

/// What a leg came to in an earlier attempt of the run.
struct KeptResult {
  steps::Conclusion conclusion = steps::Conclusion::success;
  steps::Outputs outputs;
  std::int64_t attempt = 1;
};

class RunGates;

struct SchedulerOptions {
  std::size_t parallel = 0;  ///< legs at a time; 0 is no limit
  std::stop_token stop;  ///< cancels the run: running legs are stopped, others start only if their `if` holds
  /// By key: these legs are not run again, unless a job that they need is.
  std::map<std::string, KeptResult> kept = {};
  /// Called by the loop for each leg as it ends, also for a job that has none.
  std::function<void(const FinishedLeg&)> on_finished = {};
  /// Called for each leg that calls a workflow when all of that has ended: what the call came to.
  std::function<void(const FinishedLeg&)> on_finished_call = {};
  RunGates* gates = nullptr;  ///< what legs wait for besides their needs; may be absent
};

struct RunOutcome {
  steps::Conclusion conclusion = steps::Conclusion::success;
  bool runner_failed = false;
  std::vector<FinishedLeg> legs;
};

/// `contexts` hold github, vars, secrets and inputs. The jobs of called workflows run as those of the plan
/// do, named `caller / job`. Publishes job_started and job_finished.
RunOutcome run_plan(workflow::Plan plan, const workflow::Contexts& contexts, const SchedulerOptions& options,
                    const RunLeg& run_leg, EventStream& events);

}  // namespace runner
