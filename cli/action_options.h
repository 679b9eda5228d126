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
/// The same for verbs that run nothing: of the repository at `root`.
base::Result<runner::ActionStoreOptions> action_store_options(const CommonFlags& common,
                                                              const ActionFlags& flags,
                                                              const base::Path& root, base::HttpClient& http);

}  // namespace cli
