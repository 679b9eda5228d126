#include "runner/run_store.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <utility>
#include <variant>

namespace runner {

namespace {

constexpr const char* kSchema = R"sql(
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT, number INTEGER NOT NULL, workflow TEXT NOT NULL, name TEXT NOT NULL,
  event TEXT NOT NULL, ref TEXT NOT NULL, sha TEXT NOT NULL, actor TEXT NOT NULL,
  started REAL NOT NULL, finished REAL NOT NULL DEFAULT 0, conclusion TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS runs_by_workflow ON runs (workflow, number);
CREATE TABLE IF NOT EXISTS jobs (
  run_id INTEGER NOT NULL, job TEXT NOT NULL, name TEXT NOT NULL, conclusion TEXT NOT NULL,
  started REAL NOT NULL, finished REAL NOT NULL, PRIMARY KEY (run_id, job));
)sql";

constexpr int kBusyMilliseconds = 10'000;

using Parameter = std::variant<std::int64_t, double, std::string>;

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;
using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

base::Error database_error(sqlite3* database, const char* what) {
  return base::make_error(base::ErrorKind::internal,
                          fmt::format("the run history: {}: {}", what, sqlite3_errmsg(database)));
}

std::string text_column(sqlite3_stmt* statement, int column) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
  return text == nullptr ? "" : text;
}

class SqliteRunStore : public RunStore {
 public:
  explicit SqliteRunStore(Database database) : database_(std::move(database)) {}

  base::Result<void> begin(RunRecord& run) override {
    TRY(auto statement,
        prepare("INSERT INTO runs (number, workflow, name, event, ref, sha, actor, started) VALUES "
                "((SELECT COALESCE(MAX(number), 0) + 1 FROM runs WHERE workflow = ?1), ?1, ?2, ?3, ?4, ?5, "
                "?6, ?7) "
                "RETURNING id, number",
                {run.workflow, run.name, run.event, run.ref, run.sha, run.actor, run.started}));
    if (sqlite3_step(statement.get()) != SQLITE_ROW)
      return database_error(database_.get(), "beginning a run");
    run.id = sqlite3_column_int64(statement.get(), 0);
    run.number = sqlite3_column_int64(statement.get(), 1);
    return finish_statement(statement.get(), "beginning a run");
  }

  base::Result<void> finish(std::int64_t run_id, const std::string& conclusion, double finished) override {
    TRY(auto statement, prepare("UPDATE runs SET conclusion = ?1, finished = ?2 WHERE id = ?3",
                                {conclusion, finished, run_id}));
    TRY(finish_statement(statement.get(), "finishing a run"));
    if (sqlite3_changes(database_.get()) > 0) return {};
    return base::make_error(base::ErrorKind::not_found, fmt::format("the run history has no run {}", run_id));
  }

  base::Result<void> record_job(const JobRecord& job) override {
    TRY(auto statement, prepare("INSERT OR REPLACE INTO jobs VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                                {job.run_id, job.job, job.name, job.conclusion, job.started, job.finished}));
    return finish_statement(statement.get(), "recording a job");
  }

  base::Result<std::vector<RunRecord>> list(int limit) override {
    TRY(auto statement,
        prepare("SELECT id, number, workflow, name, event, ref, sha, actor, started, finished, conclusion "
                "FROM runs ORDER BY id DESC LIMIT ?1",
                {static_cast<std::int64_t>(limit)}));
    std::vector<RunRecord> runs;
    auto* row = statement.get();
    int code = SQLITE_ROW;
    while ((code = sqlite3_step(row)) == SQLITE_ROW) {
      runs.push_back({.id = sqlite3_column_int64(row, 0),
                      .number = sqlite3_column_int64(row, 1),
                      .workflow = text_column(row, 2),
                      .name = text_column(row, 3),
                      .event = text_column(row, 4),
                      .ref = text_column(row, 5),
                      .sha = text_column(row, 6),
                      .actor = text_column(row, 7),
                      .started = sqlite3_column_double(row, 8),
                      .finished = sqlite3_column_double(row, 9),
                      .conclusion = text_column(row, 10)});
    }
    if (code != SQLITE_DONE) return database_error(database_.get(), "listing runs");
    return runs;
  }

  base::Result<std::vector<JobRecord>> jobs_of(std::int64_t run_id) override {
    TRY(auto statement, prepare("SELECT run_id, job, name, conclusion, started, finished FROM jobs WHERE "
                                "run_id = ?1 ORDER BY started",
                                {run_id}));
    std::vector<JobRecord> jobs;
    auto* row = statement.get();
    int code = SQLITE_ROW;
    while ((code = sqlite3_step(row)) == SQLITE_ROW) {
      jobs.push_back({.run_id = sqlite3_column_int64(row, 0),
                      .job = text_column(row, 1),
                      .name = text_column(row, 2),
                      .conclusion = text_column(row, 3),
                      .started = sqlite3_column_double(row, 4),
                      .finished = sqlite3_column_double(row, 5)});
    }
    if (code != SQLITE_DONE) return database_error(database_.get(), "listing the jobs of a run");
    return jobs;
  }

 private:
  base::Result<Statement> prepare(const char* sql, const std::vector<Parameter>& parameters) {
    sqlite3_stmt* raw = nullptr;
    if (sqlite3_prepare_v2(database_.get(), sql, -1, &raw, nullptr) != SQLITE_OK) {
      return database_error(database_.get(), "preparing a statement");
    }
    Statement statement(raw);
    for (int index = 0; index < static_cast<int>(parameters.size()); ++index) {
      const auto& parameter = parameters[static_cast<std::size_t>(index)];
      int code = SQLITE_OK;
      if (const auto* integer = std::get_if<std::int64_t>(&parameter)) {
        code = sqlite3_bind_int64(raw, index + 1, *integer);
      } else if (const auto* number = std::get_if<double>(&parameter)) {
        code = sqlite3_bind_double(raw, index + 1, *number);
      } else {
        const auto& text = std::get<std::string>(parameter);
        code =
            sqlite3_bind_text(raw, index + 1, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
      }
      if (code != SQLITE_OK) return database_error(database_.get(), "binding a parameter");
    }
    return statement;
  }

  base::Result<void> finish_statement(sqlite3_stmt* statement, const char* what) {
    int code = SQLITE_ROW;
    while (code == SQLITE_ROW) code = sqlite3_step(statement);
    if (code != SQLITE_DONE) return database_error(database_.get(), what);
    return {};
  }

  Database database_;
};

}  // namespace

base::Result<std::unique_ptr<RunStore>> open_sqlite_run_store(const base::Path& file) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  Database database(raw);
  if (code != SQLITE_OK) {
    return base::make_error(base::ErrorKind::internal, fmt::format("cannot open the run history {}: {}",
                                                                   file.string(), sqlite3_errstr(code)));
  }
  sqlite3_busy_timeout(raw, kBusyMilliseconds);
  if (sqlite3_exec(raw, kSchema, nullptr, nullptr, nullptr) != SQLITE_OK) {
    return database_error(raw, fmt::format("setting up {}", file.string()).c_str());
  }
  return std::unique_ptr<RunStore>(std::make_unique<SqliteRunStore>(std::move(database)));
}

}  // namespace runner
