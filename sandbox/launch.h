#pragma once
// One process of a sandbox, from its fork server. Not for what it may do: it inherits that.

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace sandbox {

/// A process to start, unpacked before the vfork: the child may only make system calls.
struct Launch {
  std::vector<std::string> candidates;  ///< paths to try
  bool named_by_path = false;           ///< the one that is there becomes argv[0]
  std::vector<char*> argv;              ///< ends with a null pointer, as does the environment
  std::vector<char*> environment;
  const char* directory = "/";
  int fds[3] = {-1, -1, -1};  ///< stdin, stdout, stderr
  std::uint32_t uid = 0;      ///< 0 is the fork server's own, as for the group
  std::uint32_t gid = 0;
  std::vector<gid_t> groups;  ///< beside it
};

/// What came of it: a process, or the system call that failed.
struct Launched {
  pid_t pid = -1;
  int error = 0;          ///< errno of the call
  const char* call = "";  ///< its name
};

/// Returns when the program runs in a session of its own, or cannot.
Launched start_process(Launch& launch);

}  // namespace sandbox
