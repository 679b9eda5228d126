#pragma once
// The job's own container: its sandbox as a plan over the image's root, at the places that GitHub has for the
// folders of a job (actions/runner ContainerOperationProvider.cs).

#include <string>
#include <vector>

#include "base/result.h"
#include "ecr/image_store.h"
#include "runner/container_spec.h"
#include "sandbox/plan.h"
#include "steps/running_job.h"

namespace runner {

inline constexpr const char* kContainerHome = "/github/home";

/// The job's folders in its container: the work folder first, then what lies in it.
std::vector<sandbox::Mount> container_folder_mounts(const steps::JobFolders& folders,
                                                    const base::Path& work_folder);

/// Folders for the volumes that a job's containers name, the same for all of them. `folder` is the job's on
/// disk; steps see no more of it than what is mounted.
base::Result<std::vector<sandbox::Mount>> volume_mounts(const std::vector<VolumeMount>& volumes,
                                                        const steps::JobFolders& folders,
                                                        const base::Path& folder, std::uint32_t owner);

/// Puts what the container's options say into a plan: hosts, hostname, limits, scratch memory.
void apply_options(const ContainerOptions& options, sandbox::Plan& plan);

/// Below every `env:` of its steps: the image's variables, the container's own, HOME.
sandbox::EnvVars container_environment(const ContainerSpec& spec, const ecr::ImageConfig& config);

}  // namespace runner
