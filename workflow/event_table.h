#pragma once
// The events that can trigger workflows, as one table: their activity types, and where a run of each gets its
// ref from (docs "Events that trigger workflows"). Not for what a workflow wants of them (event).

#include <span>
#include <string_view>

namespace workflow {

/// Which ref and commit the run of an event is about.
enum class EventRef {
  default_branch,  ///< the default branch and its last commit, whatever the event is about
  pushed,          ///< the ref and commit that were pushed
  merge_ref,       ///< refs/pull/N/merge
  created,         ///< the branch or tag that was created
  release_tag,     ///< the release's tag
  deployed,        ///< what is deployed; no ref when that is a commit
  merge_group,     ///< the merge group's head
  package,         ///< what the package was built from
  chosen,          ///< the ref that whoever dispatched it named
};

struct EventKind {
  std::string_view name;
  std::string_view types;  ///< activity types, one space between; "" when it has none
  EventRef ref = EventRef::default_branch;
  std::string_view default_types = {};  ///< that trigger without `types:`; "" is all of them
};

/// All of them, by name. `workflow_call` is none: no event calls a workflow.
std::span<const EventKind> event_kinds();
/// nullptr when no workflow can be triggered by an event of this name.
const EventKind* find_event_kind(std::string_view name);
/// Whether the event has that activity type. Those of `repository_dispatch` are free and not listed.
bool has_activity_type(const EventKind& kind, std::string_view type);
/// Whether the activity triggers a workflow that names no types.
bool triggers_by_default(const EventKind& kind, std::string_view type);

}  // namespace workflow
