#pragma once
// Named volumes of a job: folders that its containers share and that live as long as it does. Not for what is
// mounted where (container_mounts).

#include "base/files.h"
#include "base/result.h"
#include "sandbox/plan.h"
#include "steps/container_options.h"
#include "steps/docker_verbs.h"
#include "steps/running_job.h"

namespace steps {

/// A folder of its own for each; steps see no more of it than what is mounted.
base::Path volumes_folder(const JobFolders& folders);
/// As Docker has it: a letter or digit, then at least one more, or `_`, `.` or `-`.
bool is_volume_name(std::string_view name);
/// The volume's folder; made and given to `owner` when it is not there.
base::Result<base::Path> obtain_volume(const base::Path& folder, const std::string& name,
                                       std::uint32_t owner);

/// Those with a name that nothing is known of so far.
std::vector<VolumeMount> volumes_not_made_yet(const std::vector<VolumeMount>& volumes,
                                              const JobFolders& folders);

/// volume create, ls, rm, inspect and prune.
base::Result<DockerAnswer> docker_volume(const DockerCall& call, RunningJob& job);

}  // namespace steps
