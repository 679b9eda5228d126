#include "server/reporting.h"

#include <fmt/format.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "base/json.h"
#include "base/log.h"
#include "base/strings.h"
#include "runner/run_owner.h"
#include "server/database.h"
#include "server/hook_sweep.h"
#include "server/report_sender.h"
#include "server/run_outline.h"

namespace server {

namespace {

constexpr std::chrono::milliseconds kLook{500};
constexpr std::int64_t kEntriesAtOnce = 200;
constexpr std::size_t kMostAnnotations = 1000;
constexpr const char* kNoCommit = "0000000000000000000000000000000000000000";

/// What happened in the queue since it was last looked at.
struct Changes {
  std::set<std::int64_t> attempts;
  std::int64_t up_to = 0;
};

base::Result<Changes> changes_since_last_time(runner::Sqlite& database) {
  Changes changes;
  TRY(database.each("looking for runs to report",
                    "SELECT seq, attempt FROM journal WHERE seq > (SELECT value FROM counters WHERE name = "
                    "'reported') ORDER BY seq LIMIT ?",
                    {kEntriesAtOnce}, [&](const runner::Sqlite::Row& row) {
                      changes.up_to = row.integer(0);
                      changes.attempts.insert(row.integer(1));
                    }));
  return changes;
}

/// An attempt of the queue as far as forges are told of it.
struct AttemptRow {
  std::int64_t id = 0;
  std::string repository, name, sha, event, state, conclusion, reason;
  std::int64_t run_id = 0;
  double started = 0, finished = 0;
};

base::Result<std::optional<AttemptRow>> find_attempt(runner::Sqlite& database, std::int64_t id) {
  std::optional<AttemptRow> found;
  TRY(database.each("looking for a run to report",
                    "SELECT id, repository, name, sha, event, state, conclusion, reason, run_id, started, "
                    "finished FROM attempts WHERE id = ?",
                    {id}, [&](const runner::Sqlite::Row& row) {
                      found = {row.integer(0), row.text(1),   row.text(2),   row.text(3),
                               row.text(4),    row.text(5),   row.text(6),   row.text(7),
                               row.integer(8), row.number(9), row.number(10)};
                    }));
  return found;
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

/// What steps of the last attempt tied to files; the rest has no place in a commit.
base::Json annotations_of(const base::Path& run_folder) {
  base::Json annotations = base::Json::array();
  const auto outline = base::read_file(run_folder / kOutlineFile);
  if (!outline) return annotations;
  for (const auto line : base::lines_of(*outline)) {
    const auto event = runner::parse_event(line);
    if (event && event->type == "plan") annotations.clear();
    if (!event || event->type != "annotation" || !event->details) continue;
    const auto file = base::json_string(*event->details, "file");
    if (file.empty() || annotations.size() >= kMostAnnotations) continue;
    annotations.push_back({{"path", file},
                           {"line", base::json_integer(*event->details, "line", 1)},
                           {"end_line", base::json_integer(*event->details, "end_line", 0)},
                           {"level", level_of(event->kind)},
                           {"title", base::json_string(*event->details, "title")},
                           {"message", event->text}});
  }
  return annotations;
}

Report report_of(const AttemptRow& row, const Config& config, const base::Path& state_folder) {
  Report report{.id = attempt_report_id(row.id),
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

// Of a run that was lost nobody else tells how its deployments ended.
base::Result<void> end_deployments(const AttemptRow& row, ReportOutbox& outbox, double now) {
  TRY(auto open, outbox.open_deployments(row.id));
  for (auto& deployment : open) {
    deployment.state = "error";
    deployment.title = title_of(row);
    TRY(outbox.put(deployment, now));
  }
  return {};
}

}  // namespace

base::Result<int> collect_reports(runner::Sqlite& database, ReportOutbox& outbox, const Config& config,
                                  const base::Path& state_folder, double now) {
  TRY(const auto changes, changes_since_last_time(database));
  if (changes.up_to == 0) return 0;
  std::vector<Report> reports;
  std::vector<AttemptRow> ended;
  for (const auto id : changes.attempts) {
    TRY(const auto row, find_attempt(database, id));
    if (!row || row->sha.empty() || row->sha == kNoCommit) continue;
    reports.push_back(report_of(*row, config, state_folder));
    if (reports.back().state == "completed") ended.push_back(*row);
  }
  // All or none: what counts as reported is in the outbox.
  TRY(database.together("putting reports into the outbox", [&]() -> base::Result<void> {
    for (const auto& report : reports) TRY(outbox.put(report, now));
    for (const auto& row : ended) TRY(end_deployments(row, outbox, now));
    TRY(database.run("noting what was reported", "UPDATE counters SET value = ? WHERE name = 'reported'",
                     {changes.up_to}));
    return {};
  }));
  return static_cast<int>(reports.size());
}

struct Reporting::State {
  State(runner::Sqlite given, const ReportingOptions& given_options)
      : options(given_options), database(std::move(given)), outbox(database) {}

  base::Result<void> look() {
    const double now = base::to_epoch_seconds(base::system_clock().now());
    TRY(collect_reports(database, outbox, *options.config, options.state_folder, now));
    TRY(sender->send_due());
    TRY(sweep->sweep_when_due());
    return {};
  }

  void keep_looking(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any never;
    bool told = false;
    while (!stop.stop_requested()) {
      const auto looked = look();
      if (!looked && !told)
        base::log(base::LogLevel::warning, "the forges cannot be told of runs, or asked for deliveries: " +
                                               looked.error().to_string());
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
  std::optional<HookSweep> sweep;
  std::jthread thread;
};

Reporting::Reporting(std::unique_ptr<State> state) : state_(std::move(state)) {}
Reporting::~Reporting() = default;

base::Result<std::unique_ptr<Reporting>> Reporting::start(const ReportingOptions& options) {
  TRY(auto database, open_database(options.state_folder));
  auto state = std::make_unique<State>(std::move(database), options);
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
  state->sweep.emplace(
      HookSweepOptions{
          .config = options.config, .app = state->app ? &*state->app : nullptr, .http = options.http},
      state->database);
  state->thread = std::jthread([raw = state.get()](const std::stop_token& stop) { raw->keep_looking(stop); });
  return std::unique_ptr<Reporting>(new Reporting(std::move(state)));
}

}  // namespace server
