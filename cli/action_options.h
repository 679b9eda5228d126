#pragma once
// What the flags, `.pipeline.yml` and the environment say about actions of other repositories.

#include "base/result.h"
#include "cli/command_line.h"
#include "runner/action_store.h"
#include "runner/run_options.h"

namespace cli {

/// `options` hold the state folder, the repository, its event, the secrets and the HTTP client.
base::Result<runner::ActionStoreOptions> action_store_options(const ActionFlags& flags,
                                                              const runner::RunOptions& options);

}  // namespace cli
