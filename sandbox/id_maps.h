#pragma once
// The ids of a user namespace, as its parent writes them.

#include <sys/types.h>

#include "base/result.h"
#include "sandbox/enter.h"

namespace sandbox {

/// Writes the user and group maps of a process in a fresh user namespace. As root the shifted range of the
/// plan's slot; else the subordinate range by newuidmap, or the runner's own id alone.
base::Result<void> write_id_maps(pid_t pid, const Setting& setting);

}  // namespace sandbox
