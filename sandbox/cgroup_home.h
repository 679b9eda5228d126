#pragma once
// Where control groups can be made by us: below the group of a controller that this process is in. Only for
// cgroup, own_cgroup and unified_cgroup.

#include <optional>
#include <string>
#include <string_view>

#include "base/files.h"
#include "base/result.h"

namespace sandbox {

inline const base::Path kCgroupMount = "/sys/fs/cgroup";

/// Groups that this program makes begin with it, and with the number of the process that they are of.
inline constexpr std::string_view kCgroupPrefix = "pipeline-";

/// Version 1 has a mount for each controller, version 2 one for all.
struct CgroupHome {
  base::Path folder;
  bool version_2 = false;
};

/// Our own group of a controller; nothing where it is not mounted, or not delegated.
std::optional<CgroupHome> cgroup_home(const std::string& controller);

base::Result<void> write_cgroup_setting(const base::Path& file, const std::string& value);

/// The name of the group that a process stays in beside the groups that it makes: version 2 has no processes
/// in a group that hands controllers down.
std::string supervisor_group_name();

/// Removes the groups in `home` whose processes are gone, with those below them.
void remove_abandoned_cgroups_in(const base::Path& home);

}  // namespace sandbox
