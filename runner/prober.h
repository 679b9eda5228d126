#pragma once
// Steady requests to one URL while something is rolled out, and the record of what came back: the proof that
// nobody noticed. One request at a time on a kept connection; bounded by its rate, never faster.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/http_client.h"
#include "base/json_fwd.h"

namespace runner {

struct ProbeOptions {
  std::string url;
  std::chrono::milliseconds interval{20};
  std::chrono::milliseconds timeout{5000};
  base::Clock* clock = nullptr;  ///< the system's when absent
};

/// Failed means no answer, or a status of 500 and above. Until the first good answer nothing counts as
/// failed: a first deployment has no service behind the load balancer yet.
struct ProbeRecord {
  std::string url;
  std::uint64_t sent = 0;
  std::uint64_t failed = 0;
  std::uint64_t before_first_success = 0;
  std::map<std::string, std::uint64_t> failures_by_reason;
  double p50_ms = 0, p95_ms = 0, p99_ms = 0;
  double longest_gap_ms = 0;  ///< between two good answers
};
base::Json to_json(const ProbeRecord& record);

class Prober {
 public:
  Prober(ProbeOptions options, base::HttpClient& http);
  ~Prober();
  /// Ends it and returns the record; call once.
  ProbeRecord stop();

 private:
  void run(const std::stop_token& stop);
  void record(const base::Result<base::HttpResponse>& answer, base::SteadyTime sent,
              base::SteadyTime answered);

  ProbeOptions options_;
  base::HttpClient& http_;
  ProbeRecord record_;
  std::vector<float> latencies_ms_;
  std::optional<base::SteadyTime> last_success_;
  std::jthread thread_;
};

}  // namespace runner
