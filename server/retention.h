#pragma once
// What the daemon keeps and for how long: a thread that removes deliveries, runs and logs that are too old or
// too many, each hour and at once when the disk runs short. Not for what a run's folder holds
// (runner/collect_garbage).

#include <functional>
#include <memory>

#include "base/files.h"
#include "base/result.h"
#include "runner/sqlite.h"
#include "server/config.h"

namespace server {

struct RetentionOptions {
  base::Path state_folder;
  RetentionConfig keep;
  std::uint64_t soft_limit = 0;  ///< with less of the disk left it runs at once
  /// Removes runs of the history that began before, and the oldest of more than so many.
  std::function<base::Result<void>(double older_than, std::size_t most)> remove_runs;
};

class Retention {
 public:
  static base::Result<std::unique_ptr<Retention>> start(RetentionOptions options);
  Retention(const Retention&) = delete;
  Retention& operator=(const Retention&) = delete;
  ~Retention();

 private:
  struct State;
  explicit Retention(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// One round, as of `now`.
base::Result<void> apply_retention(runner::Sqlite& database, const RetentionOptions& options, double now);

/// How much room is left on the disk of that folder; the most there is when nobody knows.
std::uint64_t room_left(const base::Path& folder);

}  // namespace server
