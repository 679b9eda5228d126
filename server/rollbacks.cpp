#include "server/rollbacks.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/json.h"
#include "server/process_identity.h"

namespace server {

namespace {

using base::Result;

constexpr const char* kRollbackColumns =
    "id, attempt, job, cluster, service, asked_by, process, state, about, started, finished";

Rollback rollback_of(const runner::Sqlite::Row& row) {
  return {row.integer(0), row.integer(1), row.text(2), row.text(3),   row.text(4),   row.text(5),
          row.text(6),    row.text(7),    row.text(8), row.number(9), row.number(10)};
}

double seconds_now() {
  return base::to_epoch_seconds(base::system_clock().now());
}

Result<std::vector<Rollback>> select(runner::Sqlite& database, const char* where,
                                     const runner::Sqlite::Parameters& parameters) {
  std::vector<Rollback> found;
  TRY(database.each(
      "looking for rollbacks",
      fmt::format("SELECT {} FROM rollbacks WHERE {} ORDER BY id DESC", kRollbackColumns, where).c_str(),
      parameters, [&](const auto& row) { found.push_back(rollback_of(row)); }));
  return found;
}

}  // namespace

base::Json to_json(const Rollback& rollback) {
  base::Json json = {{"id", rollback.id},           {"run", rollback.attempt},     {"job", rollback.job},
                     {"cluster", rollback.cluster}, {"service", rollback.service}, {"by", rollback.by},
                     {"state", rollback.state},     {"about", rollback.about}};
  json["started_at"] = base::format_iso8601(base::from_epoch_seconds(rollback.started));
  if (rollback.finished > 0)
    json["finished_at"] = base::format_iso8601(base::from_epoch_seconds(rollback.finished));
  return json;
}

Result<Rollback> find_rollback(runner::Sqlite& database, std::int64_t id) {
  TRY(auto found, select(database, "id = ?1", {id}));
  if (!found.empty()) return std::move(found.front());
  return base::make_error(base::ErrorKind::not_found, fmt::format("there is no rollback {}", id));
}

Result<void> finish_rollback(runner::Sqlite& database, const Rollback& rollback) {
  TRY(database.run(
      "noting the end of a rollback",
      "UPDATE rollbacks SET state = ?2, about = ?3, finished = ?4 WHERE id = ?1 AND state = 'running'",
      {rollback.id, rollback.state, rollback.about, seconds_now()}));
  return {};
}

Result<std::optional<Rollback>> Rollbacks::ask(Rollback wanted) {
  const std::lock_guard lock(mutex_);
  TRY(note_lost());
  TRY(const auto under_way, select(database_, "cluster = ?1 AND service = ?2 AND state = 'running'",
                                   {wanted.cluster, wanted.service}));
  if (!under_way.empty()) return std::optional<Rollback>();
  wanted.started = seconds_now();
  TRY(database_.together("noting a rollback", [&]() -> Result<void> {
    TRY(database_.each(
        "noting a rollback",
        "INSERT INTO rollbacks (attempt, job, cluster, service, asked_by, state, started) VALUES "
        "(?1, ?2, ?3, ?4, ?5, 'running', ?6) RETURNING id",
        {wanted.attempt, wanted.job, wanted.cluster, wanted.service, wanted.by, wanted.started},
        [&](const auto& row) { wanted.id = row.integer(0); }));
    TRY(database_.run(
        "noting who asked",
        "INSERT INTO journal (time, type, attempt, fence, about) VALUES (?1, 'rollback', ?2, 0, ?3)",
        {wanted.started, wanted.attempt,
         fmt::format("{} of {} by {}", wanted.service, wanted.cluster, wanted.by)}));
    return {};
  }));
  const auto pid = start_(wanted.id);
  if (!pid) {
    wanted.state = "failed";
    wanted.about = pid.error().to_string();
    TRY(finish_rollback(database_, wanted));
    return pid.error();
  }
  children_.insert(*pid);
  // One that has ended by now has said what came of it.
  const auto process = identity_of(*pid, boot_id_);
  TRY(database_.run("noting the process of a rollback", "UPDATE rollbacks SET process = ?2 WHERE id = ?1",
                    {wanted.id, process ? *process : ""}));
  TRY(auto begun, find_rollback(database_, wanted.id));
  return std::optional(std::move(begun));
}

Result<std::vector<Rollback>> Rollbacks::of_attempt(std::int64_t attempt) {
  const std::lock_guard lock(mutex_);
  TRY(note_lost());
  return select(database_, "attempt = ?1", {attempt});
}

// Looked at before what they wrote: one that ends in between has written it.
Result<void> Rollbacks::note_lost() {
  std::erase_if(children_, [](pid_t child) {
    int status = 0;
    return ::waitpid(child, &status, WNOHANG) != 0;
  });
  TRY(auto running, select(database_, "state = 'running'", {}));
  for (auto& one : running) {
    if (look_at(one.process, boot_id_) == ProcessLife::alive) continue;
    one.state = "lost";
    one.about = "the process that carried it out was killed: see how far the service went";
    TRY(finish_rollback(database_, one));
  }
  return {};
}

}  // namespace server
