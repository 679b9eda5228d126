#pragma once
// The fork server of a sandbox without namespaces, and the process that it hangs on: the warden, which what
// runs there cannot signal, which gets all its orphans, and which kills all of it at the end.

#include "base/result.h"
#include "sandbox/enter.h"

namespace sandbox {

/// From the setting on its way over kControlFd to the end of the sandbox; returns the exit code. `serve` is
/// the fork server, called in a child that has given up everything that the plan does not allow.
int run_warden(const Setting& setting, const std::function<int()>& serve);

}  // namespace sandbox
