#pragma once
// The second lock on files: what a step may write, by the final mounts of its sandbox; and no signal or
// abstract socket beyond the sandbox. Not for what it may see: that the root decides.

#include <string>
#include <vector>

#include "base/result.h"

namespace sandbox {

/// The version that this kernel speaks; 0 when it has none or it is switched off.
int landlock_version();

/// For the calling process and all it starts from now on: reads everything, writes below these folders and
/// files only. Needs no_new_privs. Without landlock in the kernel nothing happens.
base::Result<void> install_landlock(const std::vector<std::string>& writable);

}  // namespace sandbox
