#pragma once
// `.github/workflows/actions.lock`: for each workflow that it names, the commits of all actions and workflows
// of other repositories that may run in it (github.com/github/actions-lockfile, schema v0.0.2 and v0.0.3).
// Pure; not for asking servers.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "workflow/repository_reference.h"

namespace workflow {

inline constexpr const char* kActionsLockFile = ".github/workflows/actions.lock";

struct LockedAction {
  std::string commit;             ///< 40 hex digits
  std::vector<std::string> uses;  ///< pins of what its steps use
};

/// Pins are `owner/repository@ref`, the first two in lower case.
struct ActionsLock {
  std::map<std::string, std::vector<std::string>> workflows;  ///< pins by path in the repository
  std::map<std::string, LockedAction> dependencies;           ///< by pin
};

/// An Error has the place of what is wrong.
base::Result<ActionsLock> read_actions_lock(const std::string& file, std::string_view text);

/// As read_actions_lock() takes it; sorted, so that changes are small.
std::string to_text(const ActionsLock& lock);

std::string pin_of(const RepositoryReference& reference);

/// The commit that the lock names for what a workflow of it uses; empty when it does not know the workflow.
/// An Error says that the lock knows the workflow but not this, or names another commit than the workflow
/// does.
base::Result<std::string> locked_commit(const ActionsLock& lock, const std::string& workflow,
                                        const RepositoryReference& reference);

}  // namespace workflow
