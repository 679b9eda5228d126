#include "steps/container_mounts.h"

#include <fcntl.h>
#include <fmt/format.h>

#include "steps/docker_volumes.h"
#include "steps/job_files.h"

namespace steps {

namespace {

using base::Result;
using sandbox::Access;

/// Where a path that steps use is on the host; a folder is made when there is nothing.
Result<HostLocation> shared_source(const std::string& source, const JobFolders& folders,
                                   std::uint32_t owner) {
  auto location = to_host(folders, source);
  if (!location) {
    return base::make_error(
        base::ErrorKind::denied,
        fmt::format("the volume '{}': a job does not get folders of this machine; use a name (`data:/path`), "
                    "or a path in its workspace ({})",
                    source, folders.workspace.inside));
  }
  TRY(const auto folder, base::open_directory(location->folder));
  if (auto found = base::open_beneath(folder.get(), location->relative, O_PATH | O_CLOEXEC); !found)
    TRY(make_folder_for_steps(folder.get(), location->relative, owner));
  return location;
}

}  // namespace

Result<std::vector<sandbox::Mount>> volume_mounts(const std::vector<VolumeMount>& volumes,
                                                  const JobFolders& folders, std::uint32_t owner) {
  std::vector<sandbox::Mount> mounts;
  for (const auto& volume : volumes) {
    if (volume.source.empty()) continue;  // all of a container's root is its own and new
    sandbox::Mount mount{.target = volume.target,
                         .access = volume.read_only ? Access::read_only : Access::read_write};
    if (volume.source.starts_with('/')) {
      TRY(const auto source, shared_source(volume.source, folders, owner));
      mount.source = source.folder.string();
      mount.beneath = source.relative.string();
    } else {
      TRY(const auto named, obtain_volume(volumes_folder(folders), volume.source, owner));
      mount.source = named.string();
    }
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

void apply_options(const ContainerOptions& options, sandbox::Plan& plan) {
  plan.hosts.insert(plan.hosts.end(), options.hosts.begin(), options.hosts.end());
  plan.mounts.insert(plan.mounts.end(), options.tmpfs.begin(), options.tmpfs.end());
  if (options.hostname) plan.hostname = *options.hostname;
  plan.read_only_root = options.read_only;
  const auto narrow = [](auto& limit, auto asked) {
    // The job's own limit holds for its containers, too.
    if (asked > 0 && (limit == 0 || asked < limit)) limit = asked;
  };
  narrow(plan.limits.memory_bytes, options.limits.memory_bytes);
  narrow(plan.limits.processes, options.limits.processes);
  narrow(plan.limits.cpu_millis, options.limits.cpu_millis);
  narrow(plan.limits.open_files, options.limits.open_files);
}

}  // namespace steps
