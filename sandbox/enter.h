#pragma once
// The child's side of setting up a sandbox: namespaces, root file system, ids, privileges. Runs once, in the
// zygote.

#include <functional>
#include <optional>
#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "sandbox/plan.h"
#include "sandbox/sandbox.h"
#include "sandbox/subordinate_ids.h"

namespace sandbox {

/// What the supervisor adds to a plan: contents of files that the sandbox gets.
struct Setting {
  Plan plan;
  std::string resolv_conf;
  std::string hosts;
  bool privileged = false;  ///< the runner is root: mounts are made before the user namespace is entered
  std::optional<SubordinateIds> subordinate_ids;  ///< of who is not root; nothing: their own id alone
  // Of a neighbour, whose network this sandbox joins: they come beside the text, not in it.
  base::Fd user_namespace = {};
  base::Fd network_namespace = {};
};

/// In order: the namespaces (but user and PID), the mounts, the new root. `map_ids` is called inside a fresh
/// user namespace and returns when it is mapped; it is not called without privileges, where that came first.
/// The result is empty but for a plan with egress.
base::Result<Egress> enter(const Setting& setting, const std::function<base::Result<void>()>& map_ids);

/// The root file system: mounts everything, pivots into it.
base::Result<void> enter_root(const Setting& setting);
/// Brings up lo in a new network namespace; any port may be bound there.
base::Result<void> set_up_loopback();
/// Open files, the largest file, no core dumps.
base::Result<void> set_process_limits(const Plan& plan);
/// Capabilities, no_new_privs, not dumpable, resource limits.
base::Result<void> drop_privileges(const Plan& plan);

}  // namespace sandbox
