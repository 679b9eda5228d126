#pragma once
// `docker cp` on the runner's side: a tar of what lies in a container, or a tar into one. What the other end
// is, is the front's matter (copy_front).

#include "base/result.h"
#include "steps/docker_verbs.h"

namespace steps {

base::Result<DockerAnswer> docker_cp(const DockerCall& call, RunningJob& job);

/// One side of a copy as it is written: `container:path`, a path of the step's, or `-`.
struct CopySide {
  std::string container;  ///< empty: the step's own
  std::string path;
};
CopySide parse_copy_side(const std::string& text);

}  // namespace steps
