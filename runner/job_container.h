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

/// Below every `env:` of its steps: the image's variables, the container's own, HOME.
sandbox::EnvVars container_environment(const ContainerSpec& spec, const ecr::ImageConfig& config);

}  // namespace runner
