#pragma once
// The network policy and the limits of jobs: from flags, and where a flag is not given from `.pipeline.yml`
// at the root of the repository (`network:` and `limits:`).

#include "base/result.h"
#include "cli/command_line.h"
#include "runner/run_options.h"

namespace cli {

/// Needs options.repository. An error names the flag or the place in the file.
base::Result<void> apply_job_settings(const RunFlags& flags, runner::RunOptions& options);

}  // namespace cli
