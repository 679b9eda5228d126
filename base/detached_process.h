#pragma once
// Starting this program once more, in a session of its own, to live on without the one that started it. Not
// for short helpers (process), nor for steps (sandbox).

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/files.h"
#include "base/result.h"

namespace base {

struct DetachedProcess {
  std::vector<std::string> argv;  ///< of this very binary
  int input = -1;                 ///< -1 is /dev/null
  int output = -1;
  Path log;  ///< its standard error is appended here
};

/// Whoever starts it waits for it, or ends before it.
Result<pid_t> start_detached(const DetachedProcess& process);

}  // namespace base
