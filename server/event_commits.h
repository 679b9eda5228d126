#pragma once
// From a forge's payload to an event with its commit and its changed files, both read from the mirror: what a
// payload says of them may be cut short or out of date. Not for which workflows want it (judge).

#include <stop_token>
#include <string>

#include "base/json_fwd.h"
#include "base/result.h"
#include "server/mirrors.h"
#include "workflow/event.h"

namespace server {

struct EventSource {
  const RepositoryConfig& repository;
  std::string event;
  const base::Json& payload;
};

/// Whether it is about a pull request of another repository.
bool is_from_fork(const base::Json& payload);

/// Brings the mirror up to date when it lacks what the payload names. Errors: invalid_input (nothing can be
/// triggered by it), not_found (no such commit), others may go through later.
base::Result<workflow::Event> read_event(const EventSource& source, Mirrors& mirrors,
                                         const std::stop_token& stop);

}  // namespace server
