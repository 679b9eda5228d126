#pragma once
// Which processes there are, as /proc tells it: asked by PID 1 of a sandbox, and by the warden that stands
// for it.

#include <cstddef>
#include <vector>

#include "sandbox/sandbox.h"

namespace sandbox {

/// At most `most` of those that this process may signal, without itself and PID 1, in no order.
std::vector<ProcessInside> processes_here(std::size_t most);

}  // namespace sandbox
