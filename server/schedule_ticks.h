#pragma once
// When the schedules of a repository come next, kept so that a time that passes while nobody looks is made up
// for once. Not for what happens then (pollster).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "runner/sqlite.h"

namespace server {

/// One line of `on.schedule`.
struct ScheduleLine {
  std::string cron;
  std::string zone = "UTC";  ///< IANA name
  bool operator==(const ScheduleLine&) const = default;
};

/// All of the workflows at a commit, each once.
base::Result<std::vector<ScheduleLine>> schedules_at(const base::Path& mirror, const std::string& commit);

/// The time that has come by `now`, seconds since 1970: the first one that was noted and not yet fired.
/// A schedule that was never noted has none.
base::Result<std::optional<std::int64_t>> due_tick(runner::Sqlite& database, const std::string& repository,
                                                   const ScheduleLine& line, std::int64_t now);
/// The next one after `now` counts from here on, unless a later one is noted already.
base::Result<void> note_next_tick(runner::Sqlite& database, const std::string& repository,
                                  const ScheduleLine& line, std::int64_t now);

}  // namespace server
