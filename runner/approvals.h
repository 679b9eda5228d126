#pragma once
// Jobs that wait for somebody to approve their environment, and what was decided, in a database of the state
// folder: who decides sits at another terminal. Not for rules (environment_rules) nor for waiting
// (run_gates).

#include <cstdint>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "runner/sqlite.h"

namespace runner {

enum class Decision { pending, approved, rejected };

/// One environment of one attempt of a run; it is for all its jobs.
struct Approval {
  std::int64_t run_id = 0;
  std::int64_t attempt = 1;
  std::string environment;
  std::vector<std::string> reviewers;  ///< who may decide; none: anybody
  Decision decision = Decision::pending;
  std::string by;
  std::string comment;
};

class Approvals {
 public:
  static base::Result<Approvals> open(const base::Path& state_folder);

  /// Asks, unless it was asked already.
  base::Result<void> ask(const Approval& approval);
  base::Result<Approval> find(std::int64_t run_id, std::int64_t attempt, const std::string& environment);
  /// What a run waits for.
  base::Result<std::vector<Approval>> pending(std::int64_t run_id);
  /// Decides what the run waits for: that environment, or all when it is empty. Returns what was decided; an
  /// Error when there is nothing, or `by` is none of the reviewers.
  base::Result<std::vector<Approval>> decide(std::int64_t run_id, const std::string& environment,
                                             Decision decision, const std::string& by,
                                             const std::string& comment);
  base::Result<void> forget(std::int64_t run_id);

 private:
  explicit Approvals(Sqlite database) : database_(std::move(database)) {}
  base::Result<std::vector<Approval>> select(const char* where, const Sqlite::Parameters& parameters);
  Sqlite database_;
};

}  // namespace runner
