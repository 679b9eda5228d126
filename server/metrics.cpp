#include "server/metrics.h"

#include <fmt/format.h>

#include <mutex>

#include "server/database.h"

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
  std::string take() { return std::move(text_); }

 private:
  std::string name_;
  std::string text_;
};

class Metrics {
 public:
  Metrics(runner::Sqlite database, Workers& workers, const EventFeed& feed)
      : database_(std::move(database)), workers_(workers), feed_(feed) {}

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
    metrics.begin("pipeline_queue_oldest_seconds", "gauge", "How long the oldest queued run waits");
    double oldest = 0;
    TRY(database_.each("looking at the queue",
                       "SELECT COALESCE(MIN(queued), 0) FROM attempts WHERE state = 'queued'", {},
                       [&](const auto& row) { oldest = row.number(0); }));
    metrics.value("", oldest > 0 ? base::to_epoch_seconds(base::system_clock().now()) - oldest : 0);
    metrics.begin("pipeline_leases_lost_total", "counter", "Runs whose supervisor was lost");
    TRY(database_.each("counting", "SELECT COUNT(*) FROM journal WHERE type = 'lost'", {},
                       [&](const auto& row) { metrics.value("", row.number(0)); }));
    const auto worker = workers_.state();
    metrics.begin("pipeline_worker_capacity", "gauge", "Runs that may go on at a time");
    metrics.value("", worker.capacity);
    metrics.begin("pipeline_worker_running", "gauge", "Runs that go on");
    metrics.value("", worker.running);
    metrics.begin("pipeline_worker_paused", "gauge", "1 when no run is begun for want of disk");
    metrics.value("", worker.pauses.empty() ? 0 : 1);
    metrics.begin("pipeline_event_streams", "gauge", "Streams of events that are open");
    metrics.value("", feed_.streams());
    return metrics.take();
  }

 private:
  std::mutex mutex_;
  runner::Sqlite database_;
  Workers& workers_;
  const EventFeed& feed_;
};

}  // namespace

base::Result<void> add_metrics(Routes& routes, const base::Path& state_folder, Workers& workers,
                               const EventFeed& feed) {
  TRY(auto database, open_database(state_folder));
  const auto metrics = std::make_shared<Metrics>(std::move(database), workers, feed);
  routes.add("GET", "/metrics", Access::read, [metrics](const Call&) {
    auto text = metrics->text();
    if (!text) return refusal(text.error());
    return base::ServerResponse{.headers = {{"Content-Type", "text/plain; version=0.0.4"}},
                                .body = *std::move(text)};
  });
  return {};
}

}  // namespace server
