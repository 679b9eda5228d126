#include "runner/run_store.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "base/json.h"
#include "runner/sqlite.h"

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
CREATE TABLE IF NOT EXISTS jobs_of_attempts (
  run_id INTEGER NOT NULL, attempt INTEGER NOT NULL, job TEXT NOT NULL, name TEXT NOT NULL,
  conclusion TEXT NOT NULL, reason TEXT NOT NULL, started REAL NOT NULL, finished REAL NOT NULL,
  outputs TEXT NOT NULL, PRIMARY KEY (run_id, attempt, job));
)sql";

// Each brings a file of the version before to the next one; the number of those done is its user_version.
constexpr const char* kSteps[] = {
    "ALTER TABLE runs ADD COLUMN attempt INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE runs ADD COLUMN repository TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE runs ADD COLUMN sandbox TEXT NOT NULL DEFAULT ''",
};

constexpr const char* kRunColumns =
    "id, number, workflow, name, event, ref, sha, actor, repository, attempt, started, finished, conclusion, "
    "sandbox";

base::Result<void> bring_up_to_date(Sqlite& database) {
  const auto version_of = [](Sqlite& of) -> base::Result<std::int64_t> {
    std::int64_t version = 0;
    TRY(of.each("reading its version", "PRAGMA user_version", {},
                [&](const auto& row) { version = row.integer(0); }));
    return version;
  };
  constexpr auto kNewest = static_cast<std::int64_t>(std::size(kSteps));
  TRY(const auto seen, version_of(database));
  if (seen >= kNewest) return {};
  return database.together("bringing it up to date", [&]() -> base::Result<void> {
    TRY(auto version, version_of(database));  // another process may have been faster
    for (; version < kNewest; ++version) TRY(database.run("changing its tables", kSteps[version]));
    TRY(database.run("noting its version", fmt::format("PRAGMA user_version = {}", kNewest).c_str()));
    return {};
  });
}

RunRecord run_of(const Sqlite::Row& row) {
  return {.id = row.integer(0),
          .number = row.integer(1),
          .workflow = row.text(2),
          .name = row.text(3),
          .event = row.text(4),
          .ref = row.text(5),
          .sha = row.text(6),
          .actor = row.text(7),
          .repository = row.text(8),
          .attempt = row.integer(9),
          .sandbox = row.text(13),
          .started = row.number(10),
          .finished = row.number(11),
          .conclusion = row.text(12)};
}

std::string outputs_text(const steps::Outputs& outputs) {
  base::Json json = base::Json::object();
  for (const auto& [name, value] : outputs) json[name] = value;
  return base::to_text(json);
}

steps::Outputs outputs_of(const std::string& text) {
  steps::Outputs outputs;
  const auto json = base::parse_json(text);
  if (!json || !json->is_object()) return outputs;
  for (const auto& [name, value] : json->items()) {
    if (value.is_string()) outputs[name] = value.get<std::string>();
  }
  return outputs;
}

base::Error no_such_run(std::int64_t run_id) {
  return base::make_error(base::ErrorKind::not_found, fmt::format("the run history has no run {}", run_id));
}

class SqliteRunStore : public RunStore {
 public:
  explicit SqliteRunStore(Sqlite database) : database_(std::move(database)) {}

  base::Result<void> begin(RunRecord& run) override {
    return database_.each(
        "beginning a run",
        "INSERT INTO runs (number, workflow, name, event, ref, sha, actor, started, repository, "
        "sandbox) VALUES "
        "((SELECT COALESCE(MAX(number), 0) + 1 FROM runs WHERE workflow = ?1), ?1, ?2, ?3, ?4, ?5, ?6, ?7, "
        "?8, ?9) RETURNING id, number",
        {run.workflow, run.name, run.event, run.ref, run.sha, run.actor, run.started, run.repository,
         run.sandbox},
        [&](const auto& row) {
          run.id = row.integer(0);
          run.number = row.integer(1);
          run.attempt = 1;
        });
  }

  base::Result<void> begin_again(RunRecord& run) override {
    TRY(const auto changed,
        database_.run("beginning an attempt",
                      "UPDATE runs SET attempt = attempt + 1, conclusion = '', finished = 0, started = ?1, "
                      "sandbox = ?3 WHERE id = ?2 AND attempt = ?4",
                      {run.started, run.id, run.sandbox, run.attempt}));
    if (changed > 0) {
      ++run.attempt;
      return {};
    }
    TRY(const auto now, find(run.id));
    return base::invalid_input(fmt::format(
        "run {} was run again meanwhile, as attempt {}: see how that went first", run.id, now.attempt));
  }

  base::Result<void> finish(std::int64_t run_id, const std::string& conclusion, double finished) override {
    TRY(const auto changed,
        database_.run("finishing a run", "UPDATE runs SET conclusion = ?1, finished = ?2 WHERE id = ?3",
                      {conclusion, finished, run_id}));
    if (changed == 0) return no_such_run(run_id);
    return {};
  }

  base::Result<void> record_job(const JobRecord& job) override {
    TRY(database_.run("recording a job",
                      "INSERT OR REPLACE INTO jobs_of_attempts VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                      {job.run_id, job.attempt, job.job, job.name, job.conclusion, job.reason, job.started,
                       job.finished, outputs_text(job.outputs)}));
    return {};
  }

  base::Result<std::vector<RunRecord>> list(int limit) override {
    std::vector<RunRecord> runs;
    TRY(database_.each(
        "listing runs", fmt::format("SELECT {} FROM runs ORDER BY id DESC LIMIT ?1", kRunColumns).c_str(),
        {static_cast<std::int64_t>(limit)}, [&](const auto& row) { runs.push_back(run_of(row)); }));
    return runs;
  }

  base::Result<RunRecord> find(std::int64_t run_id) override {
    std::optional<RunRecord> found;
    TRY(database_.each("looking for a run",
                       fmt::format("SELECT {} FROM runs WHERE id = ?1", kRunColumns).c_str(), {run_id},
                       [&](const auto& row) { found = run_of(row); }));
    if (!found) return no_such_run(run_id);
    return *std::move(found);
  }

  base::Result<std::vector<JobRecord>> jobs_of(std::int64_t run_id, std::int64_t attempt) override {
    std::vector<JobRecord> jobs;
    TRY(database_.each("listing the jobs of a run",
                       "SELECT job, name, conclusion, reason, started, finished, outputs FROM "
                       "jobs_of_attempts WHERE run_id = ?1 AND attempt = ?2 ORDER BY started, rowid",
                       {run_id, attempt}, [&](const auto& row) {
                         jobs.push_back({.run_id = run_id,
                                         .attempt = attempt,
                                         .job = row.text(0),
                                         .name = row.text(1),
                                         .conclusion = row.text(2),
                                         .reason = row.text(3),
                                         .outputs = outputs_of(row.text(6)),
                                         .started = row.number(4),
                                         .finished = row.number(5)});
                       }));
    return jobs;
  }

  base::Result<void> forget(std::int64_t run_id) override {
    return database_.together("forgetting a run", [&]() -> base::Result<void> {
      TRY(database_.run("forgetting its jobs", "DELETE FROM jobs_of_attempts WHERE run_id = ?1", {run_id}));
      TRY(database_.run("forgetting it", "DELETE FROM runs WHERE id = ?1", {run_id}));
      return {};
    });
  }

 private:
  Sqlite database_;
};

}  // namespace

base::Result<std::unique_ptr<RunStore>> open_sqlite_run_store(const base::Path& file) {
  TRY(auto database, Sqlite::open(file, kSchema, "the run history"));
  TRY(bring_up_to_date(database));
  return std::unique_ptr<RunStore>(std::make_unique<SqliteRunStore>(std::move(database)));
}

}  // namespace runner
