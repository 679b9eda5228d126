#include "server/metrics.h"

#include <fmt/format.h>

#include <mutex>

#include "server/database.h"
#include "server/report_outbox.h"
#include "server/retention.h"

namespace server {

namespace {

/// Collects lines of one metric after the other.
class MetricsText {
 public:
  void begin(const char* name, const char* type, const char* help) {
    name_ = name;
    text_ += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
  }
  void value(const std::string& labels, double number) {
    text_ += fmt::format("{}{} {}\n", name_, labels.empty() ? "" : "{" + labels + "}", number);
  }
  void gauge(const char* name, const char* help, double number) {
    begin(name, "gauge", help);
    value("", number);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string name_;
  std::string text_;
};

// 0: since never.
double seconds_since(double time) {
  return time > 0 ? base::to_epoch_seconds(base::system_clock().now()) - time : 0;
}

class Metrics {
 public:
  Metrics(runner::Sqlite database, base::Path state_folder, Workers& workers, const EventFeed& feed)
      : database_(std::move(database)),
        state_folder_(std::move(state_folder)),
        workers_(workers),
        feed_(feed) {}

  base::Result<std::string> text() {
    const std::lock_guard lock(mutex_);
    MetricsText metrics;
    const auto by_label = [&](const char* sql, const char* label) {
      return database_.each("counting", sql, {}, [&](const auto& row) {
        metrics.value(fmt::format("{}=\"{}\"", label, row.text(0)), row.number(1));
      });
    };
    metrics.begin("pipeline_deliveries", "gauge", "Deliveries that are kept, by state");
    TRY(by_label("SELECT state, COUNT(*) FROM deliveries GROUP BY state", "state"));
    metrics.begin("pipeline_runs", "gauge", "Runs that are known, by state");
    TRY(by_label("SELECT state, COUNT(*) FROM attempts GROUP BY state", "state"));
    metrics.begin("pipeline_runs_finished", "gauge", "Runs that have ended, by conclusion");
    TRY(by_label("SELECT conclusion, COUNT(*) FROM attempts WHERE finished > 0 GROUP BY conclusion",
                 "conclusion"));
    double oldest = 0;
    TRY(database_.each("looking at the queue",
                       "SELECT COALESCE(MIN(queued), 0) FROM attempts WHERE state = 'queued'", {},
                       [&](const auto& row) { oldest = row.number(0); }));
    metrics.gauge("pipeline_queue_oldest_seconds", "How long the oldest queued run waits",
                  seconds_since(oldest));
    metrics.begin("pipeline_leases_lost_total", "counter", "Runs whose supervisor was lost");
    TRY(database_.each("counting", "SELECT COUNT(*) FROM journal WHERE type = 'lost'", {},
                       [&](const auto& row) { metrics.value("", row.number(0)); }));
    TRY(const auto backlog, ReportOutbox(database_).backlog());
    metrics.gauge("pipeline_reports_waiting", "Reports that their forge has not taken yet",
                  static_cast<double>(backlog.reports));
    metrics.gauge("pipeline_reports_oldest_seconds", "How long the oldest of them waits",
                  seconds_since(backlog.oldest));
    const auto worker = workers_.state();
    metrics.gauge("pipeline_worker_capacity", "Runs that may go on at a time", worker.capacity);
    metrics.gauge("pipeline_worker_running", "Runs that go on", worker.running);
    metrics.gauge("pipeline_worker_paused", "1 when no run is begun for want of disk",
                  worker.pauses.empty() ? 0 : 1);
    metrics.gauge("pipeline_disk_free_bytes", "What is left on the disk of the state folder",
                  static_cast<double>(room_left(state_folder_)));
    metrics.gauge("pipeline_event_streams", "Streams of events that are open", feed_.streams());
    return metrics.take();
  }

 private:
  std::mutex mutex_;
  runner::Sqlite database_;
  base::Path state_folder_;
  Workers& workers_;
  const EventFeed& feed_;
};

}  // namespace

base::Result<void> add_metrics(Routes& routes, const base::Path& state_folder, Workers& workers,
                               const EventFeed& feed) {
  TRY(auto database, open_database(state_folder));
  const auto metrics = std::make_shared<Metrics>(std::move(database), state_folder, workers, feed);
  routes.add("GET", "/metrics", Access::read, [metrics](const Call&) {
    auto text = metrics->text();
    if (!text) return refusal(text.error());
    return base::ServerResponse{.headers = {{"Content-Type", "text/plain; version=0.0.4"}},
                                .body = *std::move(text)};
  });
  return {};
}

}  // namespace server
