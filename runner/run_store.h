#pragma once
// The history of runs, one of the six interfaces. SqliteRunStore keeps it on this machine. Log lines are not
// here: they are in the run's folder (events.jsonl).

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "steps/ordered_texts.h"

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
  std::string repository;    ///< owner/name
  std::int64_t attempt = 1;  ///< counts up with each rerun: GITHUB_RUN_ATTEMPT
  std::string sandbox;       ///< what held its last attempt: namespaces, landlock or none
  double started = 0;        ///< of the attempt; epoch seconds
  double finished = 0;       ///< 0 as long as there is no conclusion
  std::string conclusion;    ///< success, failure, cancelled; empty while it runs and when it was killed
};

struct JobRecord {
  std::int64_t run_id = 0;
  std::int64_t attempt = 1;
  std::string job;
  std::string name;
  std::string conclusion;
  std::string reason;  ///< why it was skipped or cancelled, or that it is kept from an earlier attempt
  steps::Outputs outputs;
  double started = 0;
  double finished = 0;
};

class RunStore {
 public:
  virtual ~RunStore() = default;
  /// Stores a new run; fills in id and number.
  virtual base::Result<void> begin(RunRecord& run) = 0;
  /// A further attempt of a run that has ended: counts `attempt` up and takes its conclusion away. Refused
  /// when `attempt` is not its last one any more.
  virtual base::Result<void> begin_again(RunRecord& run) = 0;
  virtual base::Result<void> finish(std::int64_t run_id, const std::string& conclusion, double finished) = 0;
  virtual base::Result<void> record_job(const JobRecord& job) = 0;
  /// Newest first.
  virtual base::Result<std::vector<RunRecord>> list(int limit) = 0;
  /// not_found when there is none of that id.
  virtual base::Result<RunRecord> find(std::int64_t run_id) = 0;
  /// Of one attempt, in the order in which they began.
  virtual base::Result<std::vector<JobRecord>> jobs_of(std::int64_t run_id, std::int64_t attempt) = 0;
  /// Removes the run and its jobs.
  virtual base::Result<void> forget(std::int64_t run_id) = 0;
};

/// The database file is made when missing. May be open in several processes at once.
base::Result<std::unique_ptr<RunStore>> open_sqlite_run_store(const base::Path& file);

}  // namespace runner
