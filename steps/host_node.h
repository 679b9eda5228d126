#pragma once
// The machine's node for JavaScript actions in a container whose image has none: the program with its loader
// and libraries, so that it does not matter which C library the image has.

#include <string>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "sandbox/plan.h"

namespace steps {

struct HostNode {
  std::vector<sandbox::Mount> mounts;  ///< for the container's plan
  std::vector<std::string> argv;       ///< in the container; the script and its arguments follow
};

/// `folder` is for two small files of our own, not seen by steps otherwise. The Error says why there is none.
base::Result<HostNode> find_host_node(const base::Path& folder);

}  // namespace steps
