#pragma once
// The history of runs, one of the six interfaces. SqliteRunStore keeps it on this machine. Log lines are not
// here: they are in the run's folder (events.jsonl).

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/result.h"

namespace runner {

struct RunRecord {
  std::int64_t id = 0;      ///< unique over all workflows: GITHUB_RUN_ID
  std::int64_t number = 0;  ///< counts up per workflow: GITHUB_RUN_NUMBER
  std::string workflow;     ///< path of the workflow file
  std::string name;
  std::string event;
  std::string ref;
  std::string sha;
  std::string actor;
  double started = 0;      ///< epoch seconds
  double finished = 0;     ///< 0 as long as there is no conclusion
  std::string conclusion;  ///< success, failure, cancelled; empty while it runs and when it was killed
};

struct JobRecord {
  std::int64_t run_id = 0;
  std::string job;
  std::string name;
  std::string conclusion;
  double started = 0;
  double finished = 0;
};

class RunStore {
 public:
  virtual ~RunStore() = default;
  /// Stores a new run; fills in id and number.
  virtual base::Result<void> begin(RunRecord& run) = 0;
  virtual base::Result<void> finish(std::int64_t run_id, const std::string& conclusion, double finished) = 0;
  virtual base::Result<void> record_job(const JobRecord& job) = 0;
  /// Newest first.
  virtual base::Result<std::vector<RunRecord>> list(int limit) = 0;
  virtual base::Result<std::vector<JobRecord>> jobs_of(std::int64_t run_id) = 0;
};

/// The database file is made when missing. May be open in several processes at once.
base::Result<std::unique_ptr<RunStore>> open_sqlite_run_store(const base::Path& file);

}  // namespace runner
