#pragma once
// The system call filter: a deny-list (seccomp_rules.h), installed once in the zygote and inherited by every
// step.

#include "base/result.h"

namespace sandbox {

/// Which of the host's rooms the processes stand in.
enum class SeccompProfile {
  own_namespaces,
  /// In the host's own: also nothing by which processes of one user meet there without opening a file, which
  /// landlock would see. Unix sockets (the engine's, the session bus, the agent of keys) and System V IPC.
  shared_host,
};

/// For the calling process and all it starts from now on, which gain no privileges any more (no_new_privs).
base::Result<void> install_seccomp_filter(SeccompProfile profile = SeccompProfile::own_namespaces);

}  // namespace sandbox
