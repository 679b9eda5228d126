#pragma once
// What the system call filter denies, worked out by libseccomp. That takes milliseconds, so it happens when
// the program is built (seccomp_filters_main.cpp) and not in every sandbox.

#include "base/result.h"
#include "sandbox/seccomp.h"

namespace sandbox {

/// The filter as the kernel takes it (struct sock_filter), for this architecture and those that its kernel
/// also runs.
base::Result<void> write_seccomp_filter(SeccompProfile profile, int fd);

}  // namespace sandbox
