#pragma once
// The commits of all that a repository's workflows use from others: what `actions.lock` is to hold. Not for
// reading a lock, nor for honouring it (workflow/actions_lock, ActionStore).

#include <map>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "runner/action_store.h"
#include "workflow/actions_lock.h"

namespace runner {

struct LockRequest {
  base::Path work_tree;
  std::vector<std::string> workflows;        ///< paths in it
  std::map<std::string, std::string> known;  ///< commits that stay, by pin; all others are asked for
};

/// With what composite actions and called workflows use in turn. The store must have no lock of its own.
base::Result<workflow::ActionsLock> lock_actions(const LockRequest& request, ActionStore& store,
                                                 const steps::ActionFetch& fetch);

/// What the server says that a pin's ref is now.
base::Result<std::string> commit_of_pin(const std::string& pin, ActionStore& store,
                                        const steps::ActionFetch& fetch);

}  // namespace runner
