#pragma once
// The folders of runs and jobs on this machine: made before a job, removed after it, and cleaned up after a
// run that was killed. What may hold secrets is on tmpfs.

#include <cstdint>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "runner/run_options.h"
#include "steps/running_job.h"

namespace runner {

/// A run's own folders, locked while it lives; the destructor removes what is not to be kept.
class RunFolders {
 public:
  /// state/runs/ID for what is kept, and a folder on tmpfs for what is not.
  static base::Result<RunFolders> create(const base::Path& state_folder, std::int64_t run_id,
                                         KeepFolders keep);
  RunFolders(RunFolders&& other) noexcept;
  RunFolders& operator=(RunFolders&&) = delete;
  ~RunFolders();
  [[nodiscard]] const base::Path& kept() const { return kept_; }
  [[nodiscard]] const base::Path& on_memory() const { return on_memory_; }

 private:
  RunFolders() = default;
  base::Path kept_;
  base::Path on_memory_;
  KeepFolders keep_ = KeepFolders::no;
  std::vector<base::FileLock> locks_;
};

/// A range of host ids for one job's sandbox that no other running job of this machine's user has.
class IdSlot {
 public:
  static base::Result<IdSlot> take(const base::Path& state_folder);
  [[nodiscard]] std::uint32_t number() const { return number_; }

 private:
  IdSlot(std::uint32_t number, base::FileLock lock) : number_(number), lock_(std::move(lock)) {}
  std::uint32_t number_;
  base::FileLock lock_;
};

/// Removes what killed runs left: job folders of this state folder, and what any of this user's had in
/// memory. Runs that live, and what others kept, are not touched.
void clean_up_after_killed_runs(const base::Path& state_folder);

/// A name for folders that no other job of a run has.
std::string folder_name_of(const std::string& job);

/// Makes the folders of one job, owned by `owner` on the host. Where steps see them is as on a hosted runner,
/// or as in one of its containers.
base::Result<steps::JobFolders> make_job_folders(const RunFolders& run, const std::string& job,
                                                 const std::string& repository_name, std::uint32_t owner,
                                                 Isolation isolation,
                                                 steps::JobRoot root = steps::JobRoot::host);
/// The folders as steps see them; all host paths are empty.
steps::JobFolders job_folders_inside(const std::string& repository_name, steps::JobRoot root);
void remove_job_folders(const steps::JobFolders& folders);

}  // namespace runner
