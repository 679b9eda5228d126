#pragma once
// What each verb of `docker compose` does.

#include "base/result.h"
#include "steps/compose/load.h"

namespace steps::compose {

/// The exit code. An Error is a sentence for stderr and exit code 1.
base::Result<int> carry_out(const Project& project, const CommandLine& line);

}  // namespace steps::compose
