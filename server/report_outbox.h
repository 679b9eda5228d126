#pragma once
// Reports that forges do not have yet, in the daemon's database: of each check only the newest state, with
// what was sent of it so far. Whatever ends the daemon, what was put here is sent by the next one.

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "runner/sqlite.h"
#include "server/report_requests.h"

namespace server {

/// A report on its way.
struct OutboxEntry {
  Report report;
  std::int64_t version = 0;       ///< counts up with each new state
  std::string remote_id;          ///< the check run's at GitHub, once it is known
  std::int64_t batches_sent = 0;  ///< of annotations, which GitHub adds to those it has
  std::int64_t attempts = 0;      ///< without success, of this state
  double since = 0;               ///< when this state was put here; epoch seconds
};

class ReportOutbox {
 public:
  explicit ReportOutbox(runner::Sqlite& database) : database_(database) {}
  /// Takes the place of an older state of the same report.
  base::Result<void> put(const Report& report, double now);
  /// Deployments of the attempt whose end nobody told.
  base::Result<std::vector<Report>> open_deployments(std::int64_t attempt);
  /// What is to be sent by now, longest waiting first.
  base::Result<std::vector<OutboxEntry>> due(double now, int limit);
  /// That state was sent; a newer one that came meanwhile stays.
  base::Result<void> note_sent(const OutboxEntry& entry);
  /// Part of it was sent.
  base::Result<void> note_progress(const OutboxEntry& entry);
  base::Result<void> try_again_at(const OutboxEntry& entry, double when, const std::string& why);
  /// It will never go through.
  base::Result<void> give_up(const OutboxEntry& entry, const std::string& why);
  /// How many wait, and since when the oldest does (0: none).
  struct Backlog {
    std::int64_t reports = 0;
    double oldest = 0;
  };
  base::Result<Backlog> backlog();

 private:
  runner::Sqlite& database_;
};

}  // namespace server
