#pragma once
// Steady requests to one URL while something is rolled out, and the record of what came back: the proof that
// nobody noticed. One request at a time on a kept connection; bounded by its rate, never faster.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/http_client.h"
#include "base/json_fwd.h"

namespace base {

struct ProbeOptions {
  std::string url;
  std::chrono::milliseconds interval{20};
  std::chrono::milliseconds timeout{5000};
  Clock* clock = nullptr;       ///< the system's when absent
  int lowest_bad_status = 500;  ///< a client's own fault is no fault of the service
  bool is_up_already = false;   ///< else nothing counts before the first good answer
  /// Which version of the service an answer is from; absent: nobody asks.
  std::function<std::string(const HttpResponse&)> version_of;
};

/// What came back in some time. Failed means no answer, or a bad status.
struct ProbeTally {
  std::uint64_t sent = 0;
  std::uint64_t failed = 0;
  std::map<std::string, std::uint64_t> failures_by_reason;
  double p50_ms = 0, p95_ms = 0, p99_ms = 0;
  double longest_gap_ms = 0;  ///< between two good answers
  [[nodiscard]] double failed_share() const;
};

struct ProbePhase : ProbeTally {
  std::string name;
};

/// One second of it: which versions answered how often.
struct ProbeSecond {
  std::int64_t second = 0;  ///< since the beginning
  std::uint64_t failed = 0;
  std::map<std::string, std::uint64_t> answers;  ///< by version; "" when nobody asks
};

/// Unless the service is up already nothing counts as failed before the first good answer: a first deployment
/// has nothing behind the load balancer yet.
struct ProbeRecord : ProbeTally {
  std::string url;
  std::uint64_t before_first_success = 0;
  std::vector<ProbePhase> phases;    ///< those that were begun, in order
  std::vector<ProbeSecond> seconds;  ///< those in which something came back
};
Json to_json(const ProbeRecord& record);
/// A table with a line for each phase and one for all of it.
std::string to_markdown(const ProbeRecord& record);
/// A picture: answers of each second by version, failures above.
std::string to_svg(const ProbeRecord& record);

class Prober {
 public:
  Prober(ProbeOptions options, HttpClient& http);
  ~Prober();
  /// What comes back from now on belongs to this phase, too.
  void begin_phase(std::string name);
  /// What came back until now, without phases and seconds.
  ProbeRecord so_far();
  /// Ends it and returns the record; call once.
  ProbeRecord stop();

 private:
  /// A tally and what its numbers are made of.
  struct Counted {
    ProbeTally tally;
    std::vector<float> latencies_ms;
    void add(double latency_ms);
    void finish();
  };

  void run(const std::stop_token& stop);
  [[nodiscard]] bool is_good(const Result<HttpResponse>& answer) const;
  void count(Counted& counted, const Result<HttpResponse>& answer, double latency_ms) const;
  void record(const Result<HttpResponse>& answer, SteadyTime sent, SteadyTime answered);
  void note_second(const Result<HttpResponse>& answer, SteadyTime answered);

  ProbeOptions options_;
  HttpClient& http_;
  std::mutex mutex_;  ///< of all below
  ProbeRecord record_;
  Counted all_;
  std::vector<std::pair<std::string, Counted>> phases_;
  std::optional<SteadyTime> began_;
  std::optional<SteadyTime> last_success_;
  std::jthread thread_;
};

}  // namespace base
