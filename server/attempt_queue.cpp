#include "server/attempt_queue.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "base/strings.h"
#include "server/attempt_rows.h"
#include "server/database.h"

namespace server {

namespace {

using base::Result;
using runner::Sqlite;

constexpr int kMostListed = 500;
// How far down the queue a claim looks for one whose labels it offers.
constexpr std::int64_t kMostLookedAt = 1000;
// Each of those that rest is a process all the same.
constexpr std::int64_t kMostAtRest = 64;
// `resting`: at work, at rest, and at rest with something to do.
constexpr std::int64_t kAtWork = 0;
constexpr std::int64_t kAtRest = 1;
constexpr std::int64_t kWantsToGoOn = 2;

bool offers(const std::vector<std::string>& offered, const std::vector<std::string>& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const std::string& label) {
    return std::find(offered.begin(), offered.end(), label) != offered.end();
  });
}

std::string reason_of(Loss loss, const std::string& intent) {
  const std::string reason =
      loss == Loss::host ? "the machine was started anew while it ran" : "its supervisor was killed";
  if (intent.empty()) return reason;
  return fmt::format("{} after it had begun {}: see how far that went before you run it again", reason,
                     intent);
}

class SqliteAttemptQueue : public AttemptQueue {
 public:
  SqliteAttemptQueue(Sqlite database, base::Clock& clock) : database_(std::move(database)), clock_(clock) {}

  Result<Added> add(const Order& order) override {
    Added added{.delivery = order.delivery};
    const auto take = [&added](const Sqlite::Row& row) {
      added.id = row.integer(0);
      added.delivery = row.integer(1);
    };
    TRY(together("queueing a run", [&]() -> Result<void> {
      if (!order.again_of.empty()) TRY(find_rerun_under_way(order, take));
      if (added.id != 0) return {};
      TRY(const auto id, insert(order, 0));
      added.is_new = id.has_value();
      added.id = id.value_or(0);
      if (id) return {};
      return database_.each("looking for a run", "SELECT id, delivery_id FROM attempts WHERE meaning = ?1",
                            {order.meaning}, take);
    }));
    return added;
  }

  Result<std::optional<Attempt>> claim(const Claim& claim) override {
    std::optional<Attempt> claimed;
    TRY(together("claiming a run", [&]() -> Result<void> {
      TRY(const auto room, has_room_for_another(claim));
      if (!room) return {};
      TRY(const auto id, most_urgent(claim.labels));
      if (!id) return {};
      std::int64_t fence = 0;
      TRY(database_.each("taking a fence",
                         "UPDATE counters SET value = value + 1 WHERE name = 'fence' RETURNING value", {},
                         [&](const auto& row) { fence = row.integer(0); }));
      TRY(database_.run(
          "claiming",
          "UPDATE attempts SET state = 'running', fence = ?2, lease_owner = ?3, lease_until = ?4, "
          "process = ?5, started = ?6, resting = 0 WHERE id = ?1 AND state = 'queued'",
          {*id, fence, claim.owner, now() + claim.lease_seconds, claim.process, now()}));
      TRY(note({.type = "claimed", .attempt = *id, .fence = fence, .about = claim.owner}));
      TRY(claimed, select_attempt(database_, *id));
      return {};
    }));
    return claimed;
  }

  Result<bool> hand_over(std::int64_t id, std::int64_t fence, const std::string& process) override {
    return change("handing a run over",
                  "UPDATE attempts SET process = ?3 WHERE id = ?1 AND fence = ?2 AND state = 'running'",
                  {id, fence, process});
  }

  Result<bool> begin(std::int64_t id, std::int64_t fence, const HistoryPlace& place) override {
    return change("beginning a run",
                  "UPDATE attempts SET run_id = ?3, run_number = ?4, run_attempt = ?5 WHERE id = ?1 AND "
                  "fence = ?2 AND state = 'running'",
                  {id, fence, place.run_id, place.number, place.attempt});
  }

  Result<bool> heartbeat(std::int64_t id, std::int64_t fence, double lease_seconds) override {
    return change("renewing a lease",
                  "UPDATE attempts SET lease_until = ?3 WHERE id = ?1 AND fence = ?2 AND state = 'running'",
                  {id, fence, now() + lease_seconds});
  }

  Result<bool> rest(std::int64_t id, std::int64_t fence) override {
    return change("resting",
                  "UPDATE attempts SET resting = ?3 WHERE id = ?1 AND fence = ?2 AND state = 'running'",
                  {id, fence, kAtRest});
  }

  Result<bool> resume(std::int64_t id, std::int64_t fence, int capacity) override {
    bool resumed = false;
    TRY(together("going on with a run", [&]() -> Result<void> {
      TRY(const auto attempt, select_attempt(database_, id));
      if (attempt.state != AttemptState::running || attempt.fence != fence) return {};
      TRY(const auto others, count_running(attempt.lease_owner, kAtWork));
      resumed = !attempt.rests || others < capacity;
      TRY(database_.run("going on", "UPDATE attempts SET resting = ?2 WHERE id = ?1",
                        {id, resumed ? kAtWork : kWantsToGoOn}));
      return {};
    }));
    return resumed;
  }

  Result<std::string> who_cancelled(std::int64_t id) override {
    const std::lock_guard lock(mutex_);
    std::string by;
    TRY(database_.each("looking for a cancellation", "SELECT cancel FROM attempts WHERE id = ?1", {id},
                       [&](const auto& row) { by = row.text(0); }));
    return by;
  }

  Result<bool> note_intent(std::int64_t id, std::int64_t fence, const std::string& intent) override {
    return change_and_note(
        "noting a deployment",
        "UPDATE attempts SET intent = ?3 WHERE id = ?1 AND fence = ?2 AND state = 'running'",
        {id, fence, intent}, {.type = "intent", .attempt = id, .fence = fence, .about = intent});
  }

  Result<bool> finish(std::int64_t id, std::int64_t fence, const std::string& conclusion,
                      const std::string& reason) override {
    return change_and_note(
        "finishing a run",
        "UPDATE attempts SET state = 'done', conclusion = ?3, reason = ?4, finished = ?5 WHERE id = ?1 AND "
        "fence = ?2 AND state = 'running'",
        {id, fence, conclusion, reason, now()},
        {.type = "finished", .attempt = id, .fence = fence, .about = conclusion});
  }

  Result<std::optional<std::int64_t>> give_up(const Attempt& lost, Loss loss) override {
    std::optional<std::int64_t> next;
    TRY(together("giving a run up", [&]() -> Result<void> {
      TRY(const auto current, select_attempt(database_, lost.id));
      if (current.state != AttemptState::running || current.fence != lost.fence) return {};
      // Handed over since it was looked at: it is another process that is no more.
      if (current.process != lost.process) return {};
      const bool deploying = !current.intent.empty();
      const auto why = reason_of(loss, current.intent);
      const auto state = to_string(deploying ? AttemptState::unknown : AttemptState::done);
      const std::string conclusion = deploying ? "needs_human" : loss == Loss::host ? "host_lost" : "error";
      TRY(database_.run("giving up",
                        "UPDATE attempts SET state = ?2, conclusion = ?3, reason = ?4, finished = ?5 "
                        "WHERE id = ?1",
                        {lost.id, std::string(state), conclusion, why, now()}));
      TRY(note({.type = "lost", .attempt = lost.id, .fence = lost.fence, .about = why}));
      if (deploying || current.retry_of != 0 || !current.cancel.empty()) return {};
      Order again = current;
      again.meaning = fmt::format("{} again {}", current.meaning, lost.id);
      again.state = AttemptState::queued;
      again.reason.clear();
      again.run_id = 0;
      TRY(next, insert(again, lost.id));
      return {};
    }));
    return next;
  }

  Result<void> cancel(std::int64_t id, const std::string& by) override {
    return together("cancelling a run", [&]() -> Result<void> {
      TRY(const auto attempt, select_attempt(database_, id));
      if (has_ended(attempt)) return base::invalid_input(fmt::format("run {} has ended", id));
      TRY(database_.run("asking", "UPDATE attempts SET cancel = ?2 WHERE id = ?1", {id, by}));
      TRY(note({.type = "cancel", .attempt = id, .fence = attempt.fence, .about = by}));
      if (attempt.state == AttemptState::running) return {};
      TRY(database_.run("ending",
                        "UPDATE attempts SET state = 'done', conclusion = 'cancelled', reason = ?2, "
                        "finished = ?3 WHERE id = ?1",
                        {id, fmt::format("cancelled by {} before it began", by), now()}));
      return note({.type = "finished", .attempt = id, .about = "cancelled"});
    });
  }

  Result<void> release(std::int64_t id, const std::string& by) override {
    TRY(const auto released,
        change_and_note("releasing a run",
                        "UPDATE attempts SET state = 'queued', reason = '' WHERE id = ?1 AND state = 'held'",
                        {id}, {.type = "released", .attempt = id, .about = by}));
    if (!released) return base::invalid_input(fmt::format("run {} does not wait to be approved", id));
    return {};
  }

  Result<Attempt> find(std::int64_t id) override {
    const std::lock_guard lock(mutex_);
    return select_attempt(database_, id);
  }

  Result<std::vector<Attempt>> list(const AttemptFilter& filter) override {
    const std::lock_guard lock(mutex_);
    std::vector<Attempt> found;
    TRY(database_.each(
        "listing runs",
        fmt::format(
            "SELECT {} FROM attempts WHERE (?1 = '' OR repository = ?1) AND (?2 = '' OR ref = ?2) AND "
            "(?3 = '' OR event = ?3) AND (?4 = '' OR actor = ?4) AND (?5 = '' OR state = ?5) AND "
            "(?6 = 0 OR id < ?6) AND (?7 = '' OR workflow = ?7) AND (?8 = '' OR conclusion = ?8) "
            "AND (?9 = '' OR sha = ?9) ORDER BY id DESC LIMIT ?10",
            base::replace_all(kAttemptColumns, "payload", "''"))
            .c_str(),
        {filter.repository, filter.ref, filter.event, filter.actor,
         std::string(filter.state ? to_string(*filter.state) : ""), filter.before, filter.workflow,
         filter.conclusion, filter.sha, std::int64_t{std::clamp(filter.limit, 1, kMostListed)}},
        [&](const auto& row) { found.push_back(attempt_of(row)); }));
    return found;
  }

  Result<std::vector<JournalEntry>> journal(std::int64_t after, int limit) override {
    const std::lock_guard lock(mutex_);
    std::vector<JournalEntry> entries;
    TRY(database_.each("reading what happened",
                       "SELECT seq, time, type, attempt, fence, about FROM journal WHERE seq > ?1 "
                       "ORDER BY seq LIMIT ?2",
                       {after, std::int64_t{limit}}, [&](const auto& row) {
                         entries.push_back({row.integer(0), row.number(1), row.text(2), row.integer(3),
                                            row.integer(4), row.text(5)});
                       }));
    return entries;
  }

 private:
  [[nodiscard]] double now() const { return base::to_epoch_seconds(clock_.now()); }

  Result<void> together(const char* doing, const std::function<Result<void>()>& body) {
    const std::lock_guard lock(mutex_);
    return database_.together(doing, body);
  }

  Result<bool> change(const char* doing, const char* sql, const Sqlite::Parameters& parameters) {
    const std::lock_guard lock(mutex_);
    TRY(const auto rows, database_.run(doing, sql, parameters));
    return rows > 0;
  }

  // False when nothing was changed, and nothing is noted then.
  Result<bool> change_and_note(const char* doing, const char* sql, const Sqlite::Parameters& parameters,
                               const JournalEntry& entry) {
    int rows = 0;
    TRY(together(doing, [&]() -> Result<void> {
      TRY(rows, database_.run(doing, sql, parameters));
      return rows > 0 ? note(entry) : Result<void>();
    }));
    return rows > 0;
  }

  // From here on within a transaction, or with the mutex held.
  Result<void> note(JournalEntry entry) {
    entry.time = now();
    return note_entry(database_, entry);
  }

  Result<std::int64_t> count_running(const std::string& owner, std::int64_t resting) {
    std::int64_t count = 0;
    TRY(database_.each("counting runs",
                       "SELECT COUNT(*) FROM attempts WHERE state = 'running' AND lease_owner = ?1 AND "
                       "resting = ?2",
                       {owner, resting}, [&](const auto& row) { count = row.integer(0); }));
    return count;
  }

  // Who wants to go on has taken its place already.
  Result<bool> has_room_for_another(const Claim& claim) {
    TRY(const auto at_work, count_running(claim.owner, kAtWork));
    TRY(const auto at_rest, count_running(claim.owner, kAtRest));
    TRY(const auto coming, count_running(claim.owner, kWantsToGoOn));
    return at_work + coming < claim.capacity && at_rest < kMostAtRest;
  }

  Result<std::optional<std::int64_t>> most_urgent(const std::vector<std::string>& labels) {
    std::optional<std::int64_t> id;
    TRY(database_.each("looking for work",
                       "SELECT id, labels FROM attempts WHERE state = 'queued' ORDER BY priority DESC, id "
                       "LIMIT ?1",
                       {kMostLookedAt}, [&](const auto& row) {
                         if (!id && offers(labels, labels_of(row.text(1)))) id = row.integer(0);
                       }));
    return id;
  }

  // Two attempts of a run at once would write into one folder. What never began has no run, but a meaning.
  Result<void> find_rerun_under_way(const Order& order, const std::function<void(const Sqlite::Row&)>& take) {
    return database_.each(
        "looking for an attempt under way",
        "SELECT id, delivery_id FROM attempts WHERE state IN ('held', 'queued', 'running') AND "
        "((?1 != 0 AND run_id = ?1) OR substr(meaning, 1, length(?2)) = ?2) ORDER BY id LIMIT 1",
        {order.run_id, order.again_of + " rerun "}, take);
  }

  Result<std::optional<std::int64_t>> insert(const Order& order, std::int64_t retry_of) {
    TRY(const auto id, insert_attempt(database_, order, {.time = now(), .retry_of = retry_of}));
    if (id) TRY(note({.type = std::string(to_string(order.state)), .attempt = *id, .about = order.workflow}));
    return id;
  }

  std::mutex mutex_;
  Sqlite database_;
  base::Clock& clock_;
};

}  // namespace

Result<std::unique_ptr<AttemptQueue>> open_sqlite_attempt_queue(const base::Path& state_folder,
                                                                base::Clock& clock) {
  TRY(auto database, open_database(state_folder));
  return std::unique_ptr<AttemptQueue>(std::make_unique<SqliteAttemptQueue>(std::move(database), clock));
}

}  // namespace server
