#pragma once
// One attempt of the queue as `pipeline run` would run it: from the commit, the event and the configuration
// to a run in the history. In a process of its own, which the daemon starts. Not for choosing what runs.

#include "base/result.h"
#include "cli/command_line.h"

namespace cli {

/// Runs the attempt that the flags name and writes into the queue how it ended.
base::Result<void> supervise(const CommonFlags& common, const ServeFlags& flags);

}  // namespace cli
