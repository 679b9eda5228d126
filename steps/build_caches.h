#pragma once
// The layer caches of a job's builds where the builder can take them: folders of the job are opened
// or filled with the step's rights, type=gha is an entry of the repository's caches.

#include <vector>

#include "base/fd.h"
#include "base/files.h"
#include "base/result.h"
#include "ecr/build.h"
#include "ecr/cache_place.h"
#include "steps/running_job.h"

namespace steps {

class BuildCaches {
 public:
  /// Sets what the builder needs. `folder_of` turns a path of the step into one inside of the job's sandbox.
  static base::Result<BuildCaches> prepare(const std::vector<ecr::CachePlace>& from,
                                           const std::vector<ecr::CachePlace>& to, RunningJob& job,
                                           ecr::BuildOptions& options);
  /// After the build: what was written for the job goes to its folders and caches.
  base::Result<void> deliver(RunningJob& job);

 private:
  struct Delivery {
    ecr::CachePlace place;  ///< as the step wrote it
    base::Path written;
  };
  base::Result<void> open_folder(const ecr::CachePlace& place, RunningJob& job, ecr::BuildOptions& options);
  base::Result<void> restore(const ecr::CachePlace& place, RunningJob& job, ecr::BuildOptions& options);

  std::vector<base::TempDir> rooms_;
  std::vector<base::Fd> open_;
  std::vector<Delivery> deliveries_;
};

}  // namespace steps
