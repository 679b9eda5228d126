#include "server/report_outbox.h"

#include "base/json.h"

namespace server {

base::Result<void> ReportOutbox::put(const Report& report, double now) {
  TRY(database_.run("putting a report into the outbox",
                    "INSERT INTO outbox (id, report, version, since, next) VALUES (?, ?, 1, ?, ?) "
                    "ON CONFLICT (id) DO UPDATE SET report = excluded.report, version = outbox.version + 1, "
                    "attempts = 0, since = excluded.since, "
                    // A forge that asked to be left alone is.
                    "next = CASE WHEN outbox.sent < outbox.version THEN outbox.next ELSE excluded.next END",
                    {report.id, base::to_text(to_json(report)), now, now}));
  return {};
}

base::Result<std::vector<Report>> ReportOutbox::open_deployments(std::int64_t attempt) {
  std::vector<Report> open;
  TRY(database_.each("looking for deployments", "SELECT report FROM outbox WHERE id LIKE ? || '/%'",
                     {attempt_report_id(attempt)}, [&](const runner::Sqlite::Row& row) {
                       const auto report = base::parse_json(row.text(0));
                       if (report && base::json_string(*report, "state") == "in_progress")
                         open.push_back(report_from_json(*report));
                     }));
  return open;
}

base::Result<std::vector<OutboxEntry>> ReportOutbox::due(double now, int limit) {
  std::vector<OutboxEntry> entries;
  base::Result<void> read;
  TRY(database_.each(
      "reading the outbox",
      "SELECT report, version, remote_id, batches, attempts, since FROM outbox WHERE sent < version "
      "AND next <= ? ORDER BY since LIMIT ?",
      {now, std::int64_t{limit}}, [&](const runner::Sqlite::Row& row) {
        auto report = base::parse_json(row.text(0));
        if (!report) {
          read = std::move(report).error();
          return;
        }
        entries.push_back({.report = report_from_json(*report),
                           .version = row.integer(1),
                           .remote_id = row.text(2),
                           .batches_sent = row.integer(3),
                           .attempts = row.integer(4),
                           .since = row.number(5)});
      }));
  TRY(std::move(read));
  return entries;
}

base::Result<void> ReportOutbox::note_progress(const OutboxEntry& entry) {
  TRY(database_.run("noting what was sent", "UPDATE outbox SET remote_id = ?, batches = ? WHERE id = ?",
                    {entry.remote_id, entry.batches_sent, entry.report.id}));
  return {};
}

base::Result<void> ReportOutbox::note_sent(const OutboxEntry& entry) {
  TRY(note_progress(entry));
  TRY(database_.run("noting that a report was sent",
                    "UPDATE outbox SET sent = ?, why = '' WHERE id = ? AND sent < ?",
                    {entry.version, entry.report.id, entry.version}));
  return {};
}

base::Result<void> ReportOutbox::try_again_at(const OutboxEntry& entry, double when, const std::string& why) {
  TRY(database_.run("putting a report off",
                    "UPDATE outbox SET attempts = attempts + 1, next = ?, why = ? WHERE id = ?",
                    {when, why, entry.report.id}));
  return {};
}

base::Result<void> ReportOutbox::give_up(const OutboxEntry& entry, const std::string& why) {
  TRY(database_.run("giving a report up", "UPDATE outbox SET sent = ?, why = ? WHERE id = ?",
                    {entry.version, why, entry.report.id}));
  return {};
}

base::Result<ReportOutbox::Backlog> ReportOutbox::backlog() {
  Backlog backlog;
  TRY(database_.each("looking at the outbox",
                     "SELECT count(*), coalesce(min(since), 0) FROM outbox WHERE sent < version", {},
                     [&](const runner::Sqlite::Row& row) {
                       backlog = {row.integer(0), row.number(1)};
                     }));
  return backlog;
}

}  // namespace server
