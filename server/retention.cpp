#include "server/retention.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <limits>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "base/strings.h"
#include "runner/run_log.h"
#include "runner/run_owner.h"
#include "server/database.h"

namespace server {

namespace {

using base::Result;

constexpr double kDay = 86'400;
constexpr std::chrono::seconds kCleansEvery{3600};
constexpr std::chrono::seconds kCleansEveryWhenShort{60};
constexpr std::chrono::milliseconds kLooksAtDisk{1000};
// So few that a delivery that comes meanwhile does not wait.
constexpr std::int64_t kRemovedAtOnce = 500;

// `sql` has the parameter for that last.
Result<void> remove_in_parts(runner::Sqlite& database, const char* doing, const char* sql,
                             runner::Sqlite::Parameters parameters) {
  parameters.emplace_back(kRemovedAtOnce);
  while (true) {
    TRY(const auto rows, database.run(doing, sql, parameters));
    if (rows < kRemovedAtOnce) return {};
  }
}

Result<void> remove_deliveries(runner::Sqlite& database, const RetentionConfig& keep, double now) {
  return remove_in_parts(
      database, "removing old deliveries",
      "DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE state = 'done' AND (received < ?1 "
      "OR id <= (SELECT id FROM deliveries ORDER BY id DESC LIMIT 1 OFFSET ?2)) ORDER BY id LIMIT ?3)",
      {now - keep.delivery_days * kDay, std::int64_t{keep.deliveries}});
}

// With what was told about them; what is not told yet stays.
Result<void> remove_attempts(runner::Sqlite& database, const RetentionConfig& keep, double now) {
  TRY(remove_in_parts(
      database, "removing old runs",
      "DELETE FROM attempts WHERE id IN (SELECT id FROM attempts WHERE state IN ('done', 'unknown') AND "
      "(finished < ?1 OR id <= (SELECT id FROM attempts ORDER BY id DESC LIMIT 1 OFFSET ?2)) ORDER BY id "
      "LIMIT ?3)",
      {now - keep.run_days * kDay, std::int64_t{keep.runs}}));
  TRY(remove_in_parts(
      database, "removing what is written of old runs",
      "DELETE FROM journal WHERE seq IN (SELECT seq FROM journal WHERE attempt NOT IN (SELECT "
      "id FROM attempts) AND seq <= (SELECT value FROM counters WHERE name = 'reported') LIMIT "
      "?1)",
      {}));
  return remove_in_parts(
      database, "removing old reports",
      "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE sent >= version AND since < ?1 LIMIT ?2)",
      {now - keep.run_days * kDay});
}

// What a run came to stays; a run that goes on writes its log all the time.
Result<void> remove_logs(const RetentionOptions& options, double now) {
  const auto runs = options.state_folder / "runs";
  if (!base::exists(runs)) return {};
  TRY(const auto names, base::list_directory(runs));
  for (const auto& name : names) {
    const auto folder = runs / name;
    struct stat about {};
    if (::stat((folder / runner::kEventsFile).c_str(), &about) != 0) continue;
    if (static_cast<double>(about.st_mtime) > now - options.keep.log_days * kDay) continue;
    if (runner::is_running(options.state_folder, base::parse_integer(name).value_or(0))) continue;
    TRY(runner::remove_run_log(folder));
  }
  return {};
}

}  // namespace

std::uint64_t room_left(const base::Path& folder) {
  std::error_code error;
  const auto space = std::filesystem::space(folder, error);
  return error ? std::numeric_limits<std::uint64_t>::max() : space.available;
}

Result<void> apply_retention(runner::Sqlite& database, const RetentionOptions& options, double now) {
  TRY(remove_deliveries(database, options.keep, now));
  TRY(remove_attempts(database, options.keep, now));
  TRY(remove_logs(options, now));
  if (!options.remove_runs) return {};
  return options.remove_runs(now - options.keep.run_days * kDay, static_cast<std::size_t>(options.keep.runs));
}

struct Retention::State {
  State(RetentionOptions given, runner::Sqlite opened)
      : options(std::move(given)), database(std::move(opened)) {}

  void run(const std::stop_token& stop) {
    auto& clock = base::system_clock();
    auto last = clock.steady_now() - kCleansEvery;
    bool was_short = false;
    while (!stop.stop_requested()) {
      const bool is_short = room_left(options.state_folder) < options.soft_limit;
      if (is_short && !was_short) {
        base::log(base::LogLevel::warning,
                  fmt::format("{} has less than {} left: what is too old is removed now",
                              options.state_folder.string(), base::format_bytes(options.soft_limit)));
        last = clock.steady_now() - kCleansEvery;
      }
      was_short = is_short;
      if (clock.steady_now() - last >= (is_short ? kCleansEveryWhenShort : kCleansEvery)) {
        last = clock.steady_now();
        const auto done = apply_retention(database, options, base::to_epoch_seconds(clock.now()));
        if (!done) base::log(base::LogLevel::error, done.error().to_string());
      }
      if (!clock.sleep_for(kLooksAtDisk, stop)) return;
    }
  }

  RetentionOptions options;
  runner::Sqlite database;
  std::jthread thread;
};

Retention::Retention(std::unique_ptr<State> state) : state_(std::move(state)) {}
Retention::~Retention() = default;

Result<std::unique_ptr<Retention>> Retention::start(RetentionOptions options) {
  TRY(auto database, open_database(options.state_folder));
  auto state = std::make_unique<State>(std::move(options), std::move(database));
  state->thread = std::jthread([raw = state.get()](const std::stop_token& stop) { raw->run(stop); });
  return std::unique_ptr<Retention>(new Retention(std::move(state)));
}

}  // namespace server
