#pragma once
// A tree that the job's DockerService sends as a tar, unpacked by its front with the step's rights.

#include <functional>

#include "base/archive.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/result.h"
#include "steps/docker_client.h"

namespace steps {

/// The service's result. `adapt` sees each entry before it is made below `folder`.
base::Result<base::Json> ask_for_tree(const DockerQuestion& question, base::Fd folder,
                                      const std::function<void(base::ArchiveEntry& entry)>& adapt);

}  // namespace steps
