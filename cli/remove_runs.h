#pragma once
// Runs that are too old or too many, removed with their artifacts: for `pipeline gc` and for the build box.

#include "base/result.h"
#include "cli/command_line.h"
#include "runner/collect_garbage.h"

namespace cli {

/// With the artifacts of this machine, whatever `options.results` says.
base::Result<runner::Garbage> find_and_remove_runs(const CommonFlags& common, runner::GarbageOptions options);
/// … also where nothing has run yet.
base::Result<void> remove_runs(const CommonFlags& common, const runner::GarbageOptions& options);

}  // namespace cli
