#pragma once
// What the options of a container make of its sandbox's plan: mounts for its volumes, hosts, limits.

#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "sandbox/plan.h"
#include "steps/container_options.h"
#include "steps/running_job.h"

namespace steps {

/// Folders for the volumes that a job's containers name, the same for all of them. A path is one that the
/// steps see, and stays within the folder of the job that it is in wherever its links lead.
base::Result<std::vector<sandbox::Mount>> volume_mounts(const std::vector<VolumeMount>& volumes,
                                                        const JobFolders& folders, std::uint32_t owner);

/// Puts what the container's options say into a plan: hosts, hostname, limits, scratch memory.
void apply_options(const ContainerOptions& options, sandbox::Plan& plan);

}  // namespace steps
