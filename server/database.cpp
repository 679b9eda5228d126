#include "server/database.h"

#include <fmt/format.h>

namespace server {

namespace {

// A commit waits for the disk: a delivery that was acknowledged is not lost with the power.
constexpr const char* kSettings = R"sql(
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
)sql";

// Each brings a file of the version before to the next one; the number of those done is its user_version.
// New tables are new entries at the end.
constexpr const char* kSteps[] = {
    R"sql(CREATE TABLE deliveries (
  id INTEGER PRIMARY KEY AUTOINCREMENT, forge TEXT NOT NULL, guid TEXT NOT NULL, event TEXT NOT NULL,
  repository TEXT NOT NULL, received REAL NOT NULL, body TEXT NOT NULL, state TEXT NOT NULL,
  verdict TEXT NOT NULL DEFAULT '', UNIQUE (forge, guid)))sql",
    "CREATE INDEX deliveries_by_state ON deliveries (state, id)",
    R"sql(CREATE TABLE attempts (
  id INTEGER PRIMARY KEY AUTOINCREMENT, repository TEXT NOT NULL, workflow TEXT NOT NULL, name TEXT NOT NULL,
  event TEXT NOT NULL, ref TEXT NOT NULL, sha TEXT NOT NULL, actor TEXT NOT NULL, payload TEXT NOT NULL,
  meaning TEXT NOT NULL UNIQUE, delivery_id INTEGER NOT NULL, trust TEXT NOT NULL, priority INTEGER NOT NULL,
  labels TEXT NOT NULL, state TEXT NOT NULL, queued REAL NOT NULL, started REAL NOT NULL DEFAULT 0,
  finished REAL NOT NULL DEFAULT 0, run_id INTEGER NOT NULL DEFAULT 0, retry_of INTEGER NOT NULL DEFAULT 0,
  fence INTEGER NOT NULL DEFAULT 0, lease_owner TEXT NOT NULL DEFAULT '', lease_until REAL NOT NULL DEFAULT 0,
  process TEXT NOT NULL DEFAULT '', intent TEXT NOT NULL DEFAULT '', cancel TEXT NOT NULL DEFAULT '',
  conclusion TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT ''))sql",
    "CREATE INDEX attempts_by_state ON attempts (state, priority, id)",
    "CREATE INDEX attempts_by_run ON attempts (run_id)",
    "CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL)",
    "INSERT INTO counters VALUES ('fence', 0)",
    R"sql(CREATE TABLE journal (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, time REAL NOT NULL, type TEXT NOT NULL, attempt INTEGER NOT NULL,
  fence INTEGER NOT NULL, about TEXT NOT NULL))sql",
    R"sql(CREATE TABLE ticks (
  repository TEXT NOT NULL, workflow TEXT NOT NULL, cron TEXT NOT NULL, fires REAL NOT NULL,
  PRIMARY KEY (repository, workflow, cron)))sql",
    R"sql(CREATE TABLE seen_refs (
    repository TEXT NOT NULL, ref TEXT NOT NULL, sha TEXT NOT NULL, PRIMARY KEY (repository, ref)))sql",
    "ALTER TABLE attempts ADD COLUMN run_attempt INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE attempts ADD COLUMN run_number INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE attempts ADD COLUMN title TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE attempts ADD COLUMN only_failed INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE attempts ADD COLUMN resting INTEGER NOT NULL DEFAULT 0",
    // Versions before this one made it when they first reported.
    R"sql(CREATE TABLE IF NOT EXISTS outbox (
  id TEXT PRIMARY KEY, report TEXT NOT NULL, version INTEGER NOT NULL, sent INTEGER NOT NULL DEFAULT 0,
  remote_id TEXT NOT NULL DEFAULT '', batches INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0,
  since REAL NOT NULL, next REAL NOT NULL, why TEXT NOT NULL DEFAULT ''))sql",
    "INSERT INTO counters SELECT 'reported', COALESCE(MAX(seq), 0) FROM journal",
    "CREATE TABLE sweeps (source TEXT PRIMARY KEY, swept REAL NOT NULL)",
    "CREATE TABLE redeliveries (guid TEXT PRIMARY KEY, asked REAL NOT NULL, times INTEGER NOT NULL)",
    R"sql(CREATE TABLE rollbacks (
  id INTEGER PRIMARY KEY AUTOINCREMENT, attempt INTEGER NOT NULL, job TEXT NOT NULL, cluster TEXT NOT NULL,
  service TEXT NOT NULL, asked_by TEXT NOT NULL, process TEXT NOT NULL DEFAULT '', state TEXT NOT NULL,
  about TEXT NOT NULL DEFAULT '', started REAL NOT NULL, finished REAL NOT NULL DEFAULT 0))sql",
};

base::Result<std::int64_t> version_of(runner::Sqlite& database) {
  std::int64_t version = 0;
  TRY(database.each("reading its version", "PRAGMA user_version", {},
                    [&](const auto& row) { version = row.integer(0); }));
  return version;
}

}  // namespace

base::Result<runner::Sqlite> open_database(const base::Path& state_folder) {
  constexpr auto kNewest = static_cast<std::int64_t>(std::size(kSteps));
  TRY(auto database, runner::Sqlite::open(state_folder / "server.db", kSettings, "the server's database"));
  TRY(const auto seen, version_of(database));
  if (seen > kNewest) {
    return base::invalid_input(fmt::format(
        "{} was written by a newer version of pipeline (tables {}, this one knows {}): install that version",
        (state_folder / "server.db").string(), seen, kNewest));
  }
  if (seen == kNewest) return database;
  TRY(database.together("bringing it up to date", [&]() -> base::Result<void> {
    TRY(auto version, version_of(database));  // another process may have been faster
    for (; version < kNewest; ++version) TRY(database.run("changing its tables", kSteps[version]));
    TRY(database.run("noting its version", fmt::format("PRAGMA user_version = {}", kNewest).c_str()));
    return {};
  }));
  return database;
}

base::Result<void> check_database(runner::Sqlite& database) {
  std::string said;
  TRY(database.each("checking it", "PRAGMA quick_check(1)", {},
                    [&](const auto& row) { said = row.text(0); }));
  if (said == "ok") return {};
  return base::make_error(base::ErrorKind::internal,
                          fmt::format("the server's database is damaged: {}", said));
}

base::Result<void> disown_processes(const base::Path& state_folder) {
  TRY(auto database, open_database(state_folder));
  for (const char* sql : {"UPDATE attempts SET process = '' WHERE state = 'running'",
                          "UPDATE rollbacks SET process = '' WHERE state = 'running'"})
    TRY(database.run("taking processes out of it", sql));
  return {};
}

}  // namespace server
