#pragma once
// What /proc tells of a process in `stat` (proc(5)). Not for inner programs.

#include <string>
#include <vector>

namespace sandbox {

/// The fields behind the name, the state being the first; none of a process that is gone.
std::vector<std::string> process_stat(const std::string& pid);

}  // namespace sandbox
