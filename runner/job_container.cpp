#include "runner/job_container.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "ecr/container_start.h"
#include "steps/job_files.h"

namespace runner {

using sandbox::Access;

std::vector<sandbox::Mount> container_folder_mounts(const steps::JobFolders& folders,
                                                    const base::Path& work_folder) {
  const base::Path work = base::Path(folders.temp.inside).parent_path();
  std::vector<sandbox::Mount> mounts = {
      {.source = work_folder.string(), .target = work.string(), .access = Access::read_write}};
  for (const auto* folder : {&folders.temp, &folders.file_commands, &folders.workspace, &folders.actions,
                             &folders.tool_cache, &folders.home, &folders.workflow}) {
    mounts.push_back(
        {.source = folder->host.string(), .target = folder->inside, .access = Access::read_write});
  }
  return mounts;
}

sandbox::EnvVars container_environment(const ContainerSpec& spec, const ecr::ImageConfig& config) {
  ecr::ContainerOverrides overrides;
  overrides.environment = spec.options.environment;
  for (const auto& [name, value] : spec.environment) overrides.environment[name] = value;
  overrides.environment.emplace("HOME", kContainerHome);
  return ecr::container_start(config, overrides).environment;
}

}  // namespace runner
