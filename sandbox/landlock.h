#pragma once
// The second lock on files: what a step may write, by the final mounts of its sandbox; and no signal or
// abstract socket beyond the sandbox. Not for what it may see: that the root decides.

#include <string>
#include <vector>

#include "base/result.h"

namespace sandbox {

/// The version that this kernel speaks; 0 when it has none or it is switched off.
int landlock_version();

/// From this version on a process can be kept from signalling what is outside (Linux 6.12).
inline constexpr int kLandlockWithScopes = 6;

/// For the calling process and all it starts from now on: reads and executes these, writes below those
/// folders and files only, and reaches no process or abstract socket outside. Needs no_new_privs. Without
/// landlock in the kernel nothing happens.
base::Result<void> install_landlock(const std::vector<std::string>& readable,
                                    const std::vector<std::string>& writable);
/// As the only wall. An error where the kernel has too little of it; what is missing on this machine of
/// `readable` is left out; devices take no commands.
base::Result<void> install_landlock_alone(const std::vector<std::string>& readable,
                                          const std::vector<std::string>& writable);
/// No process or abstract socket outside can be reached any more; files are as before.
base::Result<void> install_landlock_scopes();

}  // namespace sandbox
