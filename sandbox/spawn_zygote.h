#pragma once
// Starting this binary again as the process that sets up a sandbox (sandbox/zygote.h), and the socket to it.

#include <sys/types.h>

#include "base/fd.h"
#include "base/result.h"

namespace sandbox {

struct SpawnedZygote {
  pid_t pid = -1;
  base::Fd control;  ///< what it takes too long to answer is an error
};

/// The caller waits for the process.
base::Result<SpawnedZygote> spawn_zygote();

}  // namespace sandbox
