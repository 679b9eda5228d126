#pragma once
// The files of one commit in a folder of an attempt's own, and the event as its workflow sees it: what a
// supervisor needs before it can run anything. Not for running it.

#include "base/files.h"
#include "base/result.h"
#include "server/attempt_queue.h"
#include "server/mirrors.h"
#include "workflow/event.h"

namespace server {

/// checkouts/ID-…/NAME, a repository at the attempt's commit; gone when `folder` is.
struct Checkout {
  base::TempDir folder;
  base::Path work_tree;
};
base::Result<Checkout> check_out(const base::Path& state_folder, const Attempt& attempt,
                                 const RepositoryConfig& repository);
/// What supervisors that were killed left: those of all attempts that do not run.
void remove_abandoned_checkouts(const base::Path& state_folder, AttemptQueue& queue);

base::Result<workflow::Event> event_of(const Attempt& attempt, const RepositoryConfig& repository);

}  // namespace server
