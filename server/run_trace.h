#pragma once
// A run as a trace: spans for the run, its jobs and its steps, made from its events, in OpenTelemetry's
// words. Sources: opentelemetry-proto trace.proto and its JSON mapping (ids in hexadecimal, times as texts),
// semantic conventions for CI/CD. Pure. Not for sending them (trace_exporter).

#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "runner/run_event.h"

namespace server {

/// What a trace says of the run as a whole.
struct TracedRun {
  std::string id;  ///< tells it from all others; the trace's id follows from it
  std::string pipeline;
  std::string repository;
  std::string ref;
  std::string sha;
  std::string url;  ///< of its page; may be empty
};

class RunTrace {
 public:
  explicit RunTrace(TracedRun run);
  /// The span that ended with this event; null when none did.
  base::Json operator()(const runner::RunEvent& event);
  /// The context that a step's programs go on with, as the header `traceparent` has it (W3C Trace Context).
  [[nodiscard]] std::string parent_for(const std::string& job, int step) const;
  /// 32 hexadecimal digits.
  [[nodiscard]] const std::string& id() const { return id_; }

 private:
  struct Open {
    std::string name;
    base::WallTime started;
  };
  [[nodiscard]] std::string span_id(const std::string& key) const;
  base::Json end_run(const runner::RunEvent& event);
  base::Json end_job(const runner::RunEvent& event);
  base::Json end_step(const runner::RunEvent& event);
  base::Json close(const std::string& key, const std::string& conclusion, base::WallTime ended);

  TracedRun run_;
  std::string id_;
  std::map<std::string, Open> open_;
};

/// The body of a request to /v1/traces.
base::Json export_request(const std::string& service, std::vector<base::Json> spans);

}  // namespace server
