#include "server/reporting.h"

#include <fmt/format.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "base/json.h"
#include "base/log.h"
#include "runner/run_log.h"
#include "runner/run_owner.h"
#include "server/database.h"
#include "server/report_sender.h"

namespace server {

namespace {

constexpr std::chrono::milliseconds kLook{500};
constexpr int kAttemptsAtOnce = 200;
constexpr std::size_t kMostAnnotations = 1000;
constexpr const char* kNoCommit = "0000000000000000000000000000000000000000";

constexpr const char* kReportedTable =
    "CREATE TABLE IF NOT EXISTS reported (attempt INTEGER PRIMARY KEY, state TEXT NOT NULL)";

/// An attempt of the queue as far as forges are told of it.
struct AttemptRow {
  std::int64_t id = 0;
  std::string repository, name, sha, event, state, conclusion, reason;
  std::int64_t run_id = 0;
  double started = 0, finished = 0;

  [[nodiscard]] std::string whole_state() const { return state + "/" + conclusion; }
};

base::Result<std::vector<AttemptRow>> changed_attempts(runner::Sqlite& database) {
  std::vector<AttemptRow> rows;
  TRY(database.each("looking for runs to report",
                    "SELECT id, repository, name, sha, event, a.state, conclusion, reason, run_id, started, "
                    "finished FROM attempts a "
                    "LEFT JOIN reported r ON r.attempt = a.id WHERE r.state IS NULL OR r.state <> a.state || "
                    "'/' || a.conclusion "
                    "ORDER BY id LIMIT ?",
                    {std::int64_t{kAttemptsAtOnce}}, [&](const runner::Sqlite::Row& row) {
                      rows.push_back({row.integer(0), row.text(1), row.text(2), row.text(3), row.text(4),
                                      row.text(5), row.text(6), row.text(7), row.integer(8), row.number(9),
                                      row.number(10)});
                    }));
  return rows;
}

std::string check_state(const AttemptRow& row) {
  if (row.state == "running") return "in_progress";
  return row.state == "done" || row.state == "unknown" ? "completed" : "queued";
}

std::string check_conclusion(const AttemptRow& row) {
  if (row.state == "unknown" || row.conclusion == "needs_human") return "action_required";
  return row.conclusion;
}

std::string title_of(const AttemptRow& row) {
  const auto state = check_state(row);
  if (state == "in_progress") return "Running";
  if (state == "queued") return row.reason.empty() ? "Waiting for its turn" : row.reason;
  const auto what = row.conclusion == "success" ? std::string("Passed") : "Ended: " + row.conclusion;
  return row.reason.empty() ? what : fmt::format("{} ({})", what, row.reason);
}

std::string_view level_of(steps::LineKind kind) {
  if (kind == steps::LineKind::notice) return "notice";
  return kind == steps::LineKind::warning ? "warning" : "failure";
}

/// What steps tied to files; the rest has no place in a commit.
base::Json annotations_of(const base::Path& run_folder) {
  base::Json annotations = base::Json::array();
  auto cursor = runner::LogCursor::open(run_folder, {});
  if (!cursor) return annotations;
  while (annotations.size() < kMostAnnotations) {
    const auto entry = cursor->next();
    if (!entry || !*entry) break;
    const auto& event = (*entry)->event;
    if (event.type != "annotation" || !event.details) continue;
    const auto file = base::json_string(*event.details, "file");
    if (file.empty()) continue;
    annotations.push_back({{"path", file},
                           {"line", base::json_integer(*event.details, "line", 1)},
                           {"end_line", base::json_integer(*event.details, "end_line", 0)},
                           {"level", level_of(event.kind)},
                           {"title", base::json_string(*event.details, "title")},
                           {"message", event.text}});
  }
  return annotations;
}

Report report_of(const AttemptRow& row, const Config& config, const base::Path& state_folder) {
  Report report{.id = fmt::format("attempt-{}", row.id),
                .repository = row.repository,
                .sha = row.sha,
                .name = row.name,
                .state = check_state(row),
                .conclusion = check_conclusion(row),
                .title = title_of(row),
                .summary = fmt::format("{} on {}", row.name, row.event),
                .started = row.started,
                .completed = row.finished};
  if (!config.external_url.empty())
    report.details_url = fmt::format("{}/runs/{}", config.external_url, row.id);
  if (report.state == "completed" && row.run_id > 0)
    report.annotations = annotations_of(runner::run_folder(state_folder, row.run_id));
  return report;
}

}  // namespace

base::Result<int> collect_reports(runner::Sqlite& database, ReportOutbox& outbox, const Config& config,
                                  const base::Path& state_folder, double now) {
  TRY(database.run("making the table of what was reported", kReportedTable));
  TRY(const auto rows, changed_attempts(database));
  int put = 0;
  for (const auto& row : rows) {
    const bool has_commit = !row.sha.empty() && row.sha != kNoCommit;
    const auto report = report_of(row, config, state_folder);
    // Both or none: what counts as reported is in the outbox.
    TRY(database.together("putting a report into the outbox", [&]() -> base::Result<void> {
      if (has_commit) TRY(outbox.put(report, now));
      TRY(database.run(
          "noting what was reported",
          "INSERT INTO reported (attempt, state) VALUES (?, ?) ON CONFLICT (attempt) DO UPDATE SET "
          "state = excluded.state",
          {row.id, row.whole_state()}));
      return {};
    }));
    if (has_commit) ++put;
  }
  return put;
}

struct Reporting::State {
  State(runner::Sqlite given, const ReportingOptions& given_options)
      : options(given_options), database(std::move(given)), outbox(database) {}

  base::Result<void> look() {
    const double now = base::to_epoch_seconds(base::system_clock().now());
    TRY(collect_reports(database, outbox, *options.config, options.state_folder, now));
    TRY(sender->send_due());
    return {};
  }

  void keep_looking(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any never;
    bool told = false;
    while (!stop.stop_requested()) {
      const auto looked = look();
      if (!looked && !told)
        base::log(base::LogLevel::warning,
                  "the forges cannot be told of runs: " + looked.error().to_string());
      told = !looked;
      std::unique_lock lock(mutex);
      never.wait_for(lock, stop, kLook, [] { return false; });
    }
  }

  ReportingOptions options;
  runner::Sqlite database;
  ReportOutbox outbox;
  std::optional<GithubApp> app;
  std::optional<ReportSender> sender;
  std::jthread thread;
};

Reporting::Reporting(std::unique_ptr<State> state) : state_(std::move(state)) {}
Reporting::~Reporting() = default;

base::Result<std::unique_ptr<Reporting>> Reporting::start(const ReportingOptions& options) {
  TRY(auto database, open_database(options.state_folder));
  auto state = std::make_unique<State>(std::move(database), options);
  TRY(state->outbox.prepare());
  const auto& github = options.config->github;
  if (!github.app.empty()) {
    TRY(const auto pem, read_secret(github.private_key).while_doing("reading the key of the GitHub App"));
    TRY(auto key, base::RsaKey::from_private_pem(pem).while_doing("reading the key of the GitHub App"));
    state->app.emplace(GithubAppOptions{.client_id = github.app, .api = github.api, .http = options.http},
                       std::move(key));
  }
  state->sender.emplace(ReportSenderOptions{.config = options.config,
                                            .app = state->app ? &*state->app : nullptr,
                                            .github_api = github.api,
                                            .http = options.http},
                        state->outbox);
  state->thread = std::jthread([raw = state.get()](const std::stop_token& stop) { raw->keep_looking(stop); });
  return std::unique_ptr<Reporting>(new Reporting(std::move(state)));
}

}  // namespace server
