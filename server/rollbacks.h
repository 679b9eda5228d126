#pragma once
// Services that people take back to what ran before, by the page or the API: who asked, for which rollout,
// and what came of it. Each is carried out by a process of its own. Not for how a service is taken back
// (cli/, ecs/).

#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/json_fwd.h"
#include "runner/sqlite.h"

namespace server {

struct Rollback {
  std::int64_t id = 0;
  std::int64_t attempt = 0;
  std::string job;
  std::string cluster;
  std::string service;
  std::string by;       ///< who asked
  std::string process;  ///< that carries it out
  std::string state;    ///< running, succeeded, failed, lost
  std::string about;    ///< what came of it, for people
  double started = 0;
  double finished = 0;
};
base::Json to_json(const Rollback& rollback);

base::Result<Rollback> find_rollback(runner::Sqlite& database, std::int64_t id);
/// What came of it.
base::Result<void> finish_rollback(runner::Sqlite& database, const Rollback& rollback);

class Rollbacks {
 public:
  using Start = std::function<base::Result<pid_t>(std::int64_t id)>;
  Rollbacks(runner::Sqlite database, std::string boot_id, Start start)
      : database_(std::move(database)), boot_id_(std::move(boot_id)), start_(std::move(start)) {}

  /// Writes it down with who asked, then starts it. Nothing when the service is being taken back already.
  base::Result<std::optional<Rollback>> ask(Rollback wanted);
  /// Newest first.
  base::Result<std::vector<Rollback>> of_attempt(std::int64_t attempt);

 private:
  base::Result<void> note_lost();

  std::mutex mutex_;
  runner::Sqlite database_;
  std::string boot_id_;
  Start start_;
  std::set<pid_t> children_;
};

}  // namespace server
