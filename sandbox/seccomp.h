#pragma once
// The system call filter: a deny-list, installed once in the zygote and inherited by every step.

#include "base/result.h"

namespace sandbox {

/// For the calling process and all it starts from now on; needs no_new_privs.
base::Result<void> install_seccomp_filter();

}  // namespace sandbox
