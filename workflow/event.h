#pragma once
// What triggered a run, and whether a workflow's `on:` wants it. Not for how a payload becomes an Event
// (event_payload), nor for the patterns of filters (filter_pattern).

#include <optional>
#include <string>
#include <vector>

#include "base/json_fwd.h"
#include "workflow/expression/value.h"
#include "workflow/filter_pattern.h"
#include "workflow/workflow.h"

namespace workflow {

struct Event {
  std::string name = "push";
  expression::Value payload;  ///< github.event
  std::string ref;            ///< refs/heads/main, refs/tags/v1, refs/pull/7/merge
  std::string sha;
  std::string base_ref;  ///< of a pull request: the branch it goes into
  std::string head_ref;
  std::string action;  ///< the payload's activity type: opened, published …
  /// What branches filters are held against when that is not `ref`: the branch that a pull request or a merge
  /// group goes into, that a run was on, or the ref that a push deleted.
  std::string filtered_branch;
  std::vector<std::string> changed_files;  ///< for paths filters
  bool changed_files_known = false;        ///< else a paths filter lets everything through, as GitHub does
};

/// Whether the trigger fires, and why or why not, in one sentence; what decided it, as far as it was a
/// filter.
struct TriggerVerdict {
  bool fires = false;
  std::string reason;
  std::string filter;                 ///< the key under the event: types, branches, paths-ignore, cron …
  std::vector<std::string> patterns;  ///< what that key holds
  std::vector<std::string> held;      ///< what it was held against: the branch, the files …
};
TriggerVerdict matches(const Workflow& workflow, const Event& event);

/// Why GitHub starts no workflow at all on this event, whatever they want; nothing when it does. Commit
/// messages that say so (docs "Skipping workflow runs": push and pull_request only), inactive deployments,
/// drafts of releases, checks that Actions made itself. `head_message` is of a pull request's head commit,
/// which its payload lacks.
std::optional<std::string> starts_nothing(const Event& event, const std::string& head_message = "");

/// Whether a commit message tells CI to leave it alone: `[skip ci]` and the like anywhere in it, or the
/// trailer `skip-checks: true` at its end.
bool asks_to_skip(const std::string& message);

}  // namespace workflow
