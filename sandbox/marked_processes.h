#pragma once
// Processes found by a variable that all of a sandbox are started with, where no namespace holds them. Who
// clears his environment is not found: the last resort, not a wall.

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"

namespace sandbox {

/// `NAME=VALUE`, one of its own for each sandbox.
std::string make_process_mark();
std::vector<pid_t> processes_with(const std::string& mark);
/// Until none is found any more.
base::Result<void> kill_processes_with(const std::string& mark);

}  // namespace sandbox
