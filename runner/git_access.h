#pragma once
// Asking a git server as somebody: with the token, as nobody, with a login of the user's; again when it fails
// for a moment (actions/runner ActionManager.cs: three attempts, none after 401, 403 and 404). Not for what
// is asked.

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "base/git_remote.h"
#include "base/result.h"
#include "runner/action_store.h"

namespace runner {

/// Calls `ask` until it succeeds or nothing is left to try; the last Error otherwise.
base::Result<void> ask_git_server(const ActionStoreOptions& options, const std::string& repository,
                                  const steps::ActionFetch& fetch,
                                  const std::function<base::Result<void>(const base::GitServer&)>& ask);

/// What the user's git would log in with at this server (`git credential fill`); nothing when it knows
/// nothing.
std::optional<GitLogin> find_git_login(const std::string& server);

}  // namespace runner
