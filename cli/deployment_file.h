#pragma once
// deploy.yml: the services and tasks of one release, as YAML. Read and checked whole before anything is asked
// of AWS; each problem names file, line and column.

#include <string>

#include "base/result.h"
#include "cli/deploy_flags.h"
#include "ecs/release.h"

namespace cli {

/// Task definitions and AppSpecs are read from beside the file.
base::Result<ecs::Release> read_deployment_file(const DeployFlags& flags);
/// The same of one service, from flags alone.
base::Result<ecs::Release> release_of_flags(const DeployFlags& flags);

}  // namespace cli
