#pragma once
// What a process and all below it use of the machine, as /proc tells it. For reports; limits are cgroup.h.

#include <sys/types.h>

#include "sandbox/neighbour.h"

namespace sandbox {

/// Of processes that end meanwhile what can still be read. The times of those that have ended are their
/// parent's.
Usage usage_below(pid_t pid);

/// Seconds that all processors of the machine have been there for, busy or idle: what shares of them are
/// taken from. 0 where /proc does not tell.
double machine_cpu_seconds();

}  // namespace sandbox
