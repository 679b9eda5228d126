#pragma once
// The volumes of a task's containers: what a definition says of them, as plain data, and the folders behind
// them. A volume is the task's own and ends with it, or a part of an EFS file system, which outlives tasks.

#include <string>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "base/result.h"
#include "sandbox/plan.h"

namespace emulator {

/// Where a container has a volume.
struct VolumePlace {
  std::string volume;
  std::string path;
  sandbox::Access access = sandbox::Access::read_write;
};

struct VolumePlan {
  std::string name;
  std::string file_system;        ///< of EFS; empty: the task's own
  std::string root;               ///< in the file system, relative, without a way out of it
  bool has_access_point = false;  ///< whose user is not known here: anybody may write
};

/// `volumes` of a definition. The error says what there is not on Fargate, or not here.
base::Result<std::vector<VolumePlan>> plan_volumes(const base::Json& definition);
/// `mountPoints` of a container, and those of the containers that its `volumesFrom` names.
base::Result<std::vector<VolumePlace>> places_of(const base::Json& container, const base::Json& containers);
/// What is wrong with names in `mountPoints` and `volumesFrom`; as RegisterTaskDefinition says it.
base::Result<void> check_volume_names(const base::Json& definition);

/// Folders for the volumes of one task.
class TaskVolumes {
 public:
  /// The task's own volumes are made in `folder`, which is the caller's to remove; `file_systems` has a
  /// folder for each of EFS.
  TaskVolumes(base::Path folder, base::Path file_systems)
      : folder_(std::move(folder)), file_systems_(std::move(file_systems)) {}
  /// Makes what is not there yet. A volume of the task's own begins with what the image of the first
  /// container that has it has there.
  base::Result<std::vector<sandbox::Mount>> mounts(const std::vector<VolumePlan>& volumes,
                                                   const std::vector<VolumePlace>& places,
                                                   const sandbox::ImageRoot& image);

 private:
  base::Result<sandbox::Mount> own_folder(const VolumePlace& place, const sandbox::ImageRoot& image);
  [[nodiscard]] base::Result<sandbox::Mount> shared_folder(const VolumePlan& volume) const;

  base::Path folder_;
  base::Path file_systems_;
};

}  // namespace emulator
