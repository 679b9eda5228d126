#pragma once
// Sends spans to a collector (OTLP over HTTP, as JSON) from a thread of its own: what does not fit into its
// queue is dropped and counted, so that no run waits for a collector or keeps much for one that is down.

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/http_client.h"
#include "base/json.h"

namespace server {

/// Where traces go, of OpenTelemetry's own variables.
struct TraceTarget {
  std::string url;
  base::Headers headers;
  std::string service = "pipeline";
};

/// From OTEL_EXPORTER_OTLP_ENDPOINT, …_TRACES_ENDPOINT, …_HEADERS and OTEL_SERVICE_NAME; nothing when no
/// endpoint is set.
std::optional<TraceTarget> trace_target(const char* (*variable)(const char* name));

class TraceExporter {
 public:
  static constexpr std::size_t kMostWaiting = 2048;

  TraceExporter(TraceTarget target, base::HttpClient& http);
  TraceExporter(const TraceExporter&) = delete;
  TraceExporter& operator=(const TraceExporter&) = delete;
  /// Tries once more to send what waits, for two seconds.
  ~TraceExporter();

  void add(base::Json span);
  [[nodiscard]] std::size_t dropped();

 private:
  void send_all(const std::stop_token& stop);
  bool send(const std::vector<base::Json>& spans);
  void put_back(std::vector<base::Json> spans);

  TraceTarget target_;
  base::HttpClient& http_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<base::Json> waiting_;
  std::size_t dropped_ = 0;
  std::jthread thread_;  ///< last: it ends first
};

}  // namespace server
