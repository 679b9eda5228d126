#pragma once
// The jobs of one workflow while they run: of the run's own, or of one that a job calls. What each waits for,
// sees, and came to. Not for starting anything (scheduler).

#include <deque>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "runner/job_runner.h"
#include "workflow/contexts.h"
#include "workflow/job_results.h"
#include "workflow/plan.h"

namespace runner {

class JobGraph;
struct Group;

enum class LegState { queued, running, done };

/// A job with one combination of its matrix.
struct Leg {
  const workflow::PlannedJob* planned = nullptr;
  Group* group = nullptr;
  LegState state = LegState::queued;
  JobResult result;
  bool may_fail = false;  ///< continue-on-error
  std::stop_source stop;
  std::string waits_for;  ///< what its gates said last
  base::SteadyTime started;
  std::unique_ptr<JobGraph> called;  ///< of a job that calls a workflow, once it has started
  std::jthread thread;               ///< of any other job
};

enum class GroupState { waiting, running, done };

/// A job with its legs.
struct Group {
  workflow::JobGroup* planned = nullptr;
  JobGraph* graph = nullptr;
  GroupState state = GroupState::waiting;
  steps::Conclusion conclusion = steps::Conclusion::success;
  bool ran = false;  ///< a leg of it was really run, and not kept from an earlier attempt
  std::deque<Leg> legs;
  steps::Outputs outputs;
  workflow::Contexts contexts;  ///< what its expressions see, from when it is decided

  [[nodiscard]] const workflow::Job& job() const { return *planned->job; }
};

class JobGraph {
 public:
  /// `contexts` hold github, vars, secrets and inputs. `caller` is the leg that calls, or null.
  JobGraph(workflow::Plan plan, workflow::Contexts contexts, Leg* caller);
  JobGraph(const JobGraph&) = delete;
  JobGraph& operator=(const JobGraph&) = delete;

  /// In the order of the file.
  [[nodiscard]] std::deque<Group>& groups() { return groups_; }
  [[nodiscard]] Leg* caller() const { return caller_; }
  [[nodiscard]] const workflow::Workflow& workflow() const { return *plan_.workflow; }
  [[nodiscard]] bool all_done() const;
  [[nodiscard]] bool needs_are_done(const Group& group) const;
  /// The contexts of the graph and `needs` of this group.
  [[nodiscard]] workflow::Contexts contexts_of(const Group& group) const;
  /// Whether a job that this one needs, or one that it is called in, was run in this attempt.
  [[nodiscard]] bool needs_ran(const Group& group) const;
  /// Whether the leg that calls, or one further up, was asked to end.
  [[nodiscard]] bool caller_is_stopped() const;
  /// The worst that a group came to.
  [[nodiscard]] steps::Conclusion conclusion() const;
  /// What a call gives back; only when all is done.
  [[nodiscard]] base::Result<steps::Outputs> outputs() const;
  /// Keeps how a group ended, for those that look at it.
  void set_result(const Group& group, workflow::SkipReason reason);
  [[nodiscard]] const workflow::JobResults& results() const { return results_; }
  /// With those of its callers in front: `caller / job`.
  [[nodiscard]] std::string full_name(std::string_view name) const;
  [[nodiscard]] std::string full_key(std::string_view key) const;

 private:
  [[nodiscard]] const Group& group(std::string_view id) const;

  workflow::Plan plan_;
  workflow::Contexts contexts_;
  Leg* caller_;
  workflow::JobResults results_;
  std::deque<Group> groups_;
  std::map<std::string, const Group*> by_id_;  ///< lower case
};

/// What the expressions of a leg see: its group's contexts, matrix and strategy.
workflow::Contexts contexts_of(const Leg& leg);
/// How many legs run now.
std::size_t running_legs(const Group& group);
/// The legs that call the workflow that this one is in, the nearest first.
std::vector<std::string> keys_above(const Leg& leg);
/// Marks a group whose leg is run as one that ran, for the jobs that need it and those that need the one that
/// calls it.
void note_run(Group& group);
/// Ends a running group whose legs have all ended with the worst that they came to.
void finish_group_if_done(Group& group);

}  // namespace runner
