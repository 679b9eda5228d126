#include "server/attempt_rows.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace server {

using base::Result;
using runner::Sqlite;

const char* const kAttemptColumns =
    "id, repository, workflow, name, event, ref, sha, actor, title, payload, meaning, delivery_id, trust, "
    "priority, labels, state, queued, started, finished, run_id, only_failed, run_number, run_attempt, "
    "retry_of, fence, lease_owner, lease_until, process, intent, cancel, conclusion, reason, resting";

std::vector<std::string> labels_of(const std::string& text) {
  return text.empty() ? std::vector<std::string>() : base::split(text, ' ');
}

Attempt attempt_of(const Sqlite::Row& row) {
  int column = 0;
  const auto integer = [&] { return row.integer(column++); };
  const auto number = [&] { return row.number(column++); };
  const auto text = [&] { return row.text(column++); };
  Attempt attempt;
  attempt.id = integer();
  attempt.repository = text();
  attempt.workflow = text();
  attempt.name = text();
  attempt.event = text();
  attempt.ref = text();
  attempt.sha = text();
  attempt.actor = text();
  attempt.title = text();
  attempt.payload = text();
  attempt.meaning = text();
  attempt.delivery = integer();
  attempt.trust = text() == to_string(Trust::fork) ? Trust::fork : Trust::trusted;
  attempt.priority = static_cast<int>(integer());
  attempt.labels = labels_of(text());
  attempt.state = parse_attempt_state(text()).value_or(AttemptState::unknown);
  attempt.queued = number();
  attempt.started = number();
  attempt.finished = number();
  attempt.run_id = integer();
  attempt.only_failed = integer() != 0;
  attempt.run_number = integer();
  attempt.run_attempt = integer();
  attempt.retry_of = integer();
  attempt.fence = integer();
  attempt.lease_owner = text();
  attempt.lease_until = number();
  attempt.process = text();
  attempt.intent = text();
  attempt.cancel = text();
  attempt.conclusion = text();
  attempt.reason = text();
  attempt.rests = integer() != 0;
  return attempt;
}

Result<Attempt> select_attempt(Sqlite& database, std::int64_t id) {
  std::optional<Attempt> found;
  TRY(database.each("looking for a run",
                    fmt::format("SELECT {} FROM attempts WHERE id = ?1", kAttemptColumns).c_str(), {id},
                    [&](const auto& row) { found = attempt_of(row); }));
  if (found) return *std::move(found);
  return base::make_error(base::ErrorKind::not_found, fmt::format("there is no run {}", id));
}

Result<std::optional<std::int64_t>> insert_attempt(Sqlite& database, const Order& order, const NewRow& row) {
  std::optional<std::int64_t> id;
  TRY(database.each(
      "queueing",
      "INSERT INTO attempts (repository, workflow, name, event, ref, sha, actor, payload, meaning, "
      "delivery_id, trust, priority, labels, state, reason, queued, retry_of, run_id, title, only_failed) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20) "
      "ON CONFLICT (meaning) DO NOTHING RETURNING id",
      {order.repository,
       order.workflow,
       order.name,
       order.event,
       order.ref,
       order.sha,
       order.actor,
       order.payload,
       order.meaning,
       order.delivery,
       std::string(to_string(order.trust)),
       std::int64_t{order.priority},
       base::join(order.labels, " "),
       std::string(to_string(order.state)),
       order.reason,
       row.time,
       row.retry_of,
       order.run_id,
       order.title,
       std::int64_t{order.only_failed ? 1 : 0}},
      [&](const auto& inserted) { id = inserted.integer(0); }));
  return id;
}

Result<void> note_entry(Sqlite& database, const JournalEntry& entry) {
  TRY(database.run("noting what happened",
                   "INSERT INTO journal (time, type, attempt, fence, about) VALUES (?1, ?2, ?3, ?4, ?5)",
                   {entry.time, entry.type, entry.attempt, entry.fence, entry.about}));
  return {};
}

}  // namespace server
