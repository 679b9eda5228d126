#pragma once
// What the jobs of a run wait for besides their needs: a place in a concurrency group, then the rules of an
// environment. Asked by the scheduler, told by a thread of its own when something changed. Not for the groups
// themselves (concurrency_groups) nor for reading rules (environment_rules).

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "runner/approvals.h"
#include "runner/concurrency_groups.h"
#include "runner/environment_rules.h"
#include "workflow/contexts.h"
#include "workflow/plan.h"

namespace runner {

enum class Turn { go, wait, failed, cancelled };

struct TurnAnswer {
  Turn turn = Turn::go;
  std::string why;  ///< of all but `go`
};

struct GateOptions {
  base::Path state_folder;
  std::int64_t run_id = 0;
  std::int64_t attempt = 1;
  std::string repository;
  std::string ref;
  std::map<std::string, EnvironmentRules> environments;  ///< by lower-case name
  bool may_wait_for_approval = true;
  /// Called once for each environment that needs an approval; may be absent.
  std::function<void(const Approval&)> on_approval_needed;
};

class RunGates {
 public:
  static base::Result<std::unique_ptr<RunGates>> open(GateOptions options);
  RunGates(const RunGates&) = delete;
  RunGates& operator=(const RunGates&) = delete;
  /// Leaves all groups.
  ~RunGates();

  /// The workflow's own group: returns when its turn has come, or never will. `on_wait` is told for whom it
  /// waits, again when that changes.
  TurnAnswer enter_run(const workflow::Workflow& workflow, const workflow::Contexts& contexts,
                       const std::stop_token& stop, const std::function<void(const std::string&)>& on_wait);

  /// Whether a leg may start. `above` are the keys of the jobs that call it.
  TurnAnswer ask(const workflow::PlannedJob& leg, const workflow::Contexts& contexts,
                 const std::vector<std::string>& above);
  /// The leg has ended, or never starts.
  void leave(const std::string& key);
  /// Those that hold a group which a newer request wants: their keys ("" is the run) with the reason, once.
  std::vector<std::pair<std::string, std::string>> take_stops();
  /// Called from another thread when asking again may give another answer.
  void on_change(std::function<void()> callback);

 private:
  struct Waiting {
    GroupPlace place{.state = PlaceState::running};
    std::string group;  ///< lower case; "" is none
    std::string environment;
    bool asked_environment = false;
    std::optional<base::SteadyTime> timer_ends;
    bool stop_told = false;
    TurnAnswer last;
  };
  explicit RunGates(GateOptions options, ConcurrencyGroups groups, Approvals approvals);
  base::Result<std::optional<GroupRequest>> request_of(const workflow::Node& node,
                                                       const workflow::Scope& scope) const;
  base::Result<TurnAnswer> begin(const std::string& key, const workflow::Node& concurrency,
                                 const workflow::Node& environment, const workflow::Scope& scope,
                                 const std::vector<std::string>& above);
  base::Result<TurnAnswer> turn_of(Waiting& waiting);
  base::Result<TurnAnswer> environment_turn(Waiting& waiting);
  base::Result<TurnAnswer> begin_environment(Waiting& waiting, const EnvironmentRules& rules);
  bool refresh(const std::string& key, Waiting& waiting);
  void watch(const std::stop_token& stop);

  GateOptions options_;
  std::mutex mutex_;
  ConcurrencyGroups groups_;
  Approvals approvals_;
  std::map<std::string, Waiting> entries_;
  std::vector<std::pair<std::string, std::string>> stops_;
  std::function<void()> changed_;
  std::condition_variable_any wake_;
  std::jthread watcher_;  ///< last: it ends first
};

}  // namespace runner
