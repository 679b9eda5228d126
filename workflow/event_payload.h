#pragma once
// What GitHub sent about an event → the Event that triggers are held against: its ref, commit, branches and
// changed files (docs "Events that trigger workflows"). Pure: what a payload leaves open is given.

#include <string>
#include <string_view>

#include "base/json_fwd.h"
#include "base/result.h"
#include "workflow/event.h"

namespace workflow {

/// The repository when the event came, for what payloads do not say.
struct EventFallback {
  std::string default_branch = "main";
  std::string ref;  ///< where the payload should name one and does not; empty is the default branch
  std::string sha;  ///< the last commit there
};

/// An Error when no workflow can be triggered by an event of that name (ping, installation …), or when the
/// payload lacks what says which ref it is about.
base::Result<Event> event_from_payload(std::string_view name, const base::Json& payload,
                                       const EventFallback& fallback);

}  // namespace workflow
