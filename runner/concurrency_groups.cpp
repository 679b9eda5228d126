#include "runner/concurrency_groups.h"

#include <fmt/format.h>

#include <optional>
#include <set>

#include "base/strings.h"
#include "runner/run_owner.h"

namespace runner {

namespace {

constexpr const char* kTables = R"sql(
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS tickets (
  id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, name TEXT NOT NULL, run_id INTEGER NOT NULL,
  job TEXT NOT NULL, state TEXT NOT NULL, stop INTEGER NOT NULL DEFAULT 0, why TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS tickets_by_key ON tickets (key, id);
)sql";

constexpr const char* kAsking = "asking for a place";

PlaceState state_of(const std::string& text) {
  if (text == "running") return PlaceState::running;
  return text == "cancelled" ? PlaceState::cancelled : PlaceState::waiting;
}

}  // namespace

std::string gave_way(const std::string& group) {
  return fmt::format("Canceling since a higher priority waiting request for '{}' exists", group);
}

base::Result<ConcurrencyGroups> ConcurrencyGroups::open(const base::Path& state_folder) {
  TRY(auto database, Sqlite::open(state_folder / "concurrency.db", kTables, "the concurrency groups"));
  return ConcurrencyGroups(std::move(database), state_folder);
}

base::Result<void> ConcurrencyGroups::forget_the_dead(const std::string& key) {
  std::set<std::int64_t> runs;
  TRY(database_.each(kAsking, "SELECT DISTINCT run_id FROM tickets WHERE key = ?1", {key},
                     [&](const auto& row) { runs.insert(row.integer(0)); }));
  for (const auto run : runs) {
    if (!is_running(state_folder_, run)) TRY(leave_all(run));
  }
  return {};
}

base::Result<void> ConcurrencyGroups::let_the_next_run(const std::string& key) {
  TRY(database_.run(
      kAsking,
      "UPDATE tickets SET state = 'running' WHERE id = (SELECT MIN(id) FROM tickets WHERE key = "
      "?1 AND state = 'waiting') AND NOT EXISTS (SELECT 1 FROM tickets WHERE key = ?1 AND state "
      "= 'running')",
      {key}));
  return {};
}

base::Result<std::int64_t> ConcurrencyGroups::count_waiting(const std::string& key) {
  std::int64_t count = 0;
  TRY(database_.each(kAsking, "SELECT COUNT(*) FROM tickets WHERE key = ?1 AND state = 'waiting'", {key},
                     [&](const auto& row) { count = row.integer(0); }));
  return count;
}

// What a new request does to those that are there.
base::Result<void> ConcurrencyGroups::make_room(const std::string& key, const GroupRequest& request) {
  if (request.queue == GroupQueue::single) {
    TRY(database_.run(kAsking,
                      "UPDATE tickets SET state = 'cancelled', why = ?2 WHERE key = ?1 AND state = "
                      "'waiting'",
                      {key, gave_way(request.group)}));
  }
  if (request.cancel_in_progress) {
    TRY(database_.run(kAsking, "UPDATE tickets SET stop = 1, why = ?2 WHERE key = ?1 AND state = 'running'",
                      {key, gave_way(request.group)}));
  }
  return {};
}

base::Result<GroupPlace> ConcurrencyGroups::enter(const GroupRequest& request) {
  const auto key = base::to_lower(request.repository) + "\n" + base::to_lower(request.group);
  std::int64_t ticket = 0;
  auto entered = database_.together(kAsking, [&]() -> base::Result<void> {
    TRY(forget_the_dead(key));
    TRY(const auto waiting, count_waiting(key));
    const bool full = request.queue == GroupQueue::max && waiting >= kMostWaiting;
    if (!full) TRY(make_room(key, request));
    const auto why = full ? fmt::format(
                                "Canceling since {} requests wait for '{}' already, which is all that "
                                "its queue takes",
                                kMostWaiting, request.group)
                          : std::string();
    TRY(database_.each(
        kAsking,
        "INSERT INTO tickets (key, name, run_id, job, state, why) VALUES (?1, ?2, ?3, ?4, ?5, "
        "?6) RETURNING id",
        {key, request.group, request.run_id, request.job, std::string(full ? "cancelled" : "waiting"), why},
        [&](const auto& row) { ticket = row.integer(0); }));
    return let_the_next_run(key);
  });
  if (!entered) return std::move(entered).error();
  return place_of(ticket);
}

base::Result<std::string> ConcurrencyGroups::whom_it_waits_for(std::int64_t ticket, const std::string& key,
                                                               const std::string& name) {
  std::string text = fmt::format("waits for the concurrency group '{}'", name);
  TRY(database_.each(kAsking,
                     "SELECT run_id, job, state FROM tickets WHERE key = ?1 AND id < ?2 AND state != "
                     "'cancelled' ORDER BY state = 'running' DESC, id LIMIT 1",
                     {key, ticket}, [&](const auto& row) {
                       const auto job = row.text(1);
                       text += fmt::format(", which run {} holds{}", row.integer(0),
                                           job.empty() ? "" : fmt::format(" with its job '{}'", job));
                     }));
  return text;
}

base::Result<GroupPlace> ConcurrencyGroups::place_of(std::int64_t ticket) {
  std::optional<GroupPlace> place;
  std::string key;
  std::string name;
  TRY(database_.each(kAsking, "SELECT key, name, state, stop, why FROM tickets WHERE id = ?1", {ticket},
                     [&](const auto& row) {
                       key = row.text(0);
                       name = row.text(1);
                       place = GroupPlace{.ticket = ticket,
                                          .state = state_of(row.text(2)),
                                          .asked_to_stop = row.integer(3) != 0,
                                          .why = row.text(4)};
                     }));
  if (!place) {
    return base::make_error(base::ErrorKind::internal,
                            "the concurrency groups: the request is not there any more");
  }
  if (place->state == PlaceState::waiting) {
    TRY(place->why, whom_it_waits_for(ticket, key, name));
  }
  return *place;
}

base::Result<GroupPlace> ConcurrencyGroups::look(std::int64_t ticket) {
  TRY(auto place, place_of(ticket));
  if (place.state != PlaceState::waiting) return place;
  auto looked = database_.together(kAsking, [&]() -> base::Result<void> {
    std::string key;
    TRY(database_.each(kAsking, "SELECT key FROM tickets WHERE id = ?1", {ticket},
                       [&](const auto& row) { key = row.text(0); }));
    TRY(forget_the_dead(key));
    return let_the_next_run(key);
  });
  if (!looked) return std::move(looked).error();
  return place_of(ticket);
}

base::Result<void> ConcurrencyGroups::leave(std::int64_t ticket) {
  TRY(database_.run("leaving a group", "DELETE FROM tickets WHERE id = ?1", {ticket}));
  return {};
}

base::Result<void> ConcurrencyGroups::leave_all(std::int64_t run_id) {
  TRY(database_.run("leaving all groups", "DELETE FROM tickets WHERE run_id = ?1", {run_id}));
  return {};
}

}  // namespace runner
