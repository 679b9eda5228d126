#pragma once
// Version 2 of control groups, where one hierarchy has all controllers, and a group whose processes are not
// alone in it cannot hand controllers down. Only for cgroup_home, own_cgroup and cgroup.

#include <optional>
#include <string>

#include "base/files.h"
#include "base/result.h"

namespace sandbox {

/// Where groups can be made: our own group; as root at the top of the hierarchy while others are in ours, as
/// in a login session. Nothing where version 2 is not mounted.
std::optional<base::Path> unified_cgroup();

/// Why groups below this one can have no controllers; "" when they can.
std::string why_no_controllers_below(const base::Path& group);

/// Gives groups below this one the controller. We, and what we started, move into a group of our own first.
base::Result<void> hand_down(const base::Path& group, const std::string& controller);

}  // namespace sandbox
