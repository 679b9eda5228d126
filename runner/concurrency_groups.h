#pragma once
// Concurrency groups of all runs on this machine: who holds one, who waits for it, in a database of the state
// folder. What a runner that was killed held is free again. Not for when a job asks (run_gates).

#include <cstdint>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "runner/sqlite.h"

namespace runner {

/// `concurrency.queue` (docs "Control the concurrency of workflows and jobs"): of those that wait the newest
/// alone, or up to a hundred in their order.
enum class GroupQueue { single, max };

struct GroupRequest {
  std::string repository;  ///< groups are of one repository
  std::string group;       ///< as written; case does not matter
  GroupQueue queue = GroupQueue::single;
  bool cancel_in_progress = false;
  std::int64_t run_id = 0;
  std::string job;  ///< its key; "" is the run as a whole
};

enum class PlaceState { running, waiting, cancelled };

/// Where a request stands.
struct GroupPlace {
  std::int64_t ticket = 0;
  PlaceState state = PlaceState::waiting;
  bool asked_to_stop = false;  ///< it runs, and a newer one asked for `cancel-in-progress`
  std::string why;             ///< for whom it waits, or why it was cancelled
};

class ConcurrencyGroups {
 public:
  static constexpr int kMostWaiting = 100;

  static base::Result<ConcurrencyGroups> open(const base::Path& state_folder);

  /// The run has to hold its folder's lock by now. What an earlier attempt of it left is forgotten by
  /// leave_all().
  base::Result<GroupPlace> enter(const GroupRequest& request);
  /// Where it stands by now.
  base::Result<GroupPlace> look(std::int64_t ticket);
  base::Result<void> leave(std::int64_t ticket);
  base::Result<void> leave_all(std::int64_t run_id);

 private:
  ConcurrencyGroups(Sqlite database, base::Path state_folder)
      : database_(std::move(database)), state_folder_(std::move(state_folder)) {}
  base::Result<void> forget_the_dead(const std::string& key);
  base::Result<void> let_the_next_run(const std::string& key);
  base::Result<void> make_room(const std::string& key, const GroupRequest& request);
  base::Result<std::int64_t> count_waiting(const std::string& key);
  base::Result<GroupPlace> place_of(std::int64_t ticket);
  base::Result<std::string> whom_it_waits_for(std::int64_t ticket, const std::string& key,
                                              const std::string& name);

  Sqlite database_;
  base::Path state_folder_;
};

/// The sentence of what gave way to a newer request, as GitHub says it.
std::string gave_way(const std::string& group);

}  // namespace runner
