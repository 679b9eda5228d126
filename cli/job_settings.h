#pragma once
// What jobs are held by, their network policy and limits: from flags, and where a flag is not given from
// `.pipeline.yml` at the root of the repository (`network:` and `limits:`).

#include "base/result.h"
#include "cli/command_line.h"
#include "runner/run_options.h"

namespace cli {

/// 90s, 30m or 2h; zero of an empty text. `where` is the flag, for errors.
base::Result<std::chrono::milliseconds> parse_time_limit(const std::string& text, const std::string& where);

/// Isolation, engine, network, limits. Needs options.repository. An error names the flag or the place in the
/// file.
base::Result<void> apply_job_settings(const RunFlags& flags, runner::RunOptions& options);

}  // namespace cli
