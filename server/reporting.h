#pragma once
// Tells the forges how the daemon's runs go: a thread that reads the queue's journal, puts what changed into
// the outbox, sends what is due, and asks for deliveries that were lost. The queue writes its journal with
// each change and knows nothing else of it, so that nothing of it can stop a run.

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/files.h"
#include "base/http_client.h"
#include "base/result.h"
#include "runner/sqlite.h"
#include "server/config.h"
#include "server/report_outbox.h"

namespace server {

struct ReportingOptions {
  base::Path state_folder;
  const Config* config = nullptr;  ///< must outlive it
  base::HttpClient* http = nullptr;
};

class Reporting {
 public:
  /// Reads the App's key. The first look comes at once: what a daemon before this one left is sent.
  static base::Result<std::unique_ptr<Reporting>> start(const ReportingOptions& options);
  /// What is not sent waits in the outbox for the next daemon.
  ~Reporting();

 private:
  struct State;
  explicit Reporting(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Puts a report of each attempt into the outbox that the journal names since the last time. Returns how
/// many.
base::Result<int> collect_reports(runner::Sqlite& database, ReportOutbox& outbox, const Config& config,
                                  const base::Path& state_folder, double now);

}  // namespace server
