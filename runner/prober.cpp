#include "runner/prober.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/json.h"

namespace runner {

namespace {

// More would only cost memory: an hour at the default rate.
constexpr std::size_t kMaxLatencies = 200'000;

double milliseconds_between(base::SteadyTime from, base::SteadyTime to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

// The smallest that is not below that share of all (nearest rank): of few answers p99 is the slowest.
double percentile(const std::vector<float>& sorted, double share) {
  if (sorted.empty()) return 0;
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

}  // namespace

base::Json to_json(const ProbeRecord& record) {
  base::Json failures = base::Json::object();
  for (const auto& [reason, count] : record.failures_by_reason) failures[reason] = count;
  return {{"url", record.url},
          {"sent", record.sent},
          {"failed", record.failed},
          {"before_first_success", record.before_first_success},
          {"failures", std::move(failures)},
          {"p50_ms", record.p50_ms},
          {"p95_ms", record.p95_ms},
          {"p99_ms", record.p99_ms},
          {"longest_gap_ms", record.longest_gap_ms}};
}

Prober::Prober(ProbeOptions options, base::HttpClient& http) : options_(std::move(options)), http_(http) {
  record_.url = options_.url;
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

Prober::~Prober() = default;

ProbeRecord Prober::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  std::sort(latencies_ms_.begin(), latencies_ms_.end());
  record_.p50_ms = percentile(latencies_ms_, 0.50);
  record_.p95_ms = percentile(latencies_ms_, 0.95);
  record_.p99_ms = percentile(latencies_ms_, 0.99);
  return record_;
}

void Prober::run(const std::stop_token& stop) {
  auto& clock = options_.clock == nullptr ? base::system_clock() : *options_.clock;
  base::HttpRequest request{.url = options_.url, .timeout = options_.timeout, .stop = stop};
  while (!stop.stop_requested()) {
    const auto sent = clock.steady_now();
    const auto answer = http_.send(request);
    if (stop.stop_requested() && !answer) break;  // our own end, not the service's fault
    const auto answered = clock.steady_now();
    record(answer, sent, answered);
    const auto rest =
        options_.interval - std::chrono::duration_cast<std::chrono::milliseconds>(answered - sent);
    if (rest.count() > 0 && !clock.sleep_for(rest, stop)) break;
  }
}

void Prober::record(const base::Result<base::HttpResponse>& answer, base::SteadyTime sent,
                    base::SteadyTime answered) {
  const bool good = answer.ok() && answer->status < 500;
  if (!good && !last_success_) {
    ++record_.before_first_success;
    return;
  }
  ++record_.sent;
  if (latencies_ms_.size() < kMaxLatencies) {
    latencies_ms_.push_back(static_cast<float>(milliseconds_between(sent, answered)));
  }
  if (!good) {
    ++record_.failed;
    ++record_.failures_by_reason[answer.ok() ? fmt::format("HTTP {}", answer->status) : "no answer"];
    return;
  }
  if (last_success_) {
    record_.longest_gap_ms = std::max(record_.longest_gap_ms, milliseconds_between(*last_success_, answered));
  }
  last_success_ = answered;
}

}  // namespace runner
