#pragma once
// What a run was asked for, kept in its folder so that it can be run again: the call, the folder it was made
// in, the event. Secrets are never kept, only their names. Not for what a run came to (run_store, run_log).

#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "cli/command_line.h"
#include "runner/run_options.h"
#include "steps/secret_masker.h"
#include "workflow/event.h"

namespace cli {

struct RunRequest {
  RunFlags flags;      ///< of the call, as it was typed; without the values of secrets
  std::string folder;  ///< that it was made in
  std::string workflow;
  workflow::Event event;
  std::vector<std::string> secret_names;
};

/// A request that holds a secret in another place than a secret's is not kept; its file says so.
base::Result<void> store_request(const base::Path& run_folder, const std::string& workflow,
                                 const RunFlags& flags, const runner::RunOptions& options,
                                 const steps::SecretMasker& masker);
base::Result<RunRequest> load_request(const base::Path& run_folder);

/// The arguments of a call with `--secret NAME` where it said `--secret NAME=VALUE`.
std::vector<std::string> without_secrets(std::vector<std::string> arguments,
                                         const std::vector<std::string>& secrets);

}  // namespace cli
