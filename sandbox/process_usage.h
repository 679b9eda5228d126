#pragma once
// What a process and all below it use of the machine, as /proc tells it. For reports; limits are cgroup.h.

#include <sys/types.h>

#include "sandbox/neighbour.h"

namespace sandbox {

/// Of processes that end meanwhile what can still be read. The times of those that have ended are their
/// parent's.
Usage usage_below(pid_t pid);

}  // namespace sandbox
