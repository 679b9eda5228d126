#include "base/prober.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/json.h"

namespace base {

namespace {

// More would only cost memory: an hour at the default rate, and a day of seconds.
constexpr std::size_t kMaxLatencies = 200'000;
constexpr std::size_t kMaxSeconds = 86'400;

double milliseconds_between(SteadyTime from, SteadyTime to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

// The smallest that is not below that share of all (nearest rank): of few answers p99 is the slowest.
double percentile(const std::vector<float>& sorted, double share) {
  if (sorted.empty()) return 0;
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

Json tally_json(const ProbeTally& tally) {
  Json failures = Json::object();
  for (const auto& [reason, count] : tally.failures_by_reason) failures[reason] = count;
  return {{"sent", tally.sent},
          {"failed", tally.failed},
          {"failures", std::move(failures)},
          {"p50_ms", tally.p50_ms},
          {"p95_ms", tally.p95_ms},
          {"p99_ms", tally.p99_ms},
          {"longest_gap_ms", tally.longest_gap_ms}};
}

}  // namespace

double ProbeTally::failed_share() const {
  return sent == 0 ? 0 : static_cast<double>(failed) / static_cast<double>(sent);
}

Json to_json(const ProbeRecord& record) {
  Json json = {{"url", record.url}};
  json.update(tally_json(record));
  json["before_first_success"] = record.before_first_success;
  json["phases"] = Json::array();
  for (const auto& phase : record.phases) {
    Json entry = {{"name", phase.name}};
    entry.update(tally_json(phase));
    json["phases"].push_back(std::move(entry));
  }
  json["seconds"] = Json::array();
  for (const auto& second : record.seconds) {
    json["seconds"].push_back(
        {{"second", second.second}, {"failed", second.failed}, {"answers", second.answers}});
  }
  return json;
}

Prober::Prober(ProbeOptions options, HttpClient& http) : options_(std::move(options)), http_(http) {
  record_.url = options_.url;
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

Prober::~Prober() = default;

void Prober::begin_phase(std::string name) {
  const std::lock_guard lock(mutex_);
  phases_.emplace_back(std::move(name), Counted());
}

ProbeRecord Prober::so_far() {
  std::unique_lock lock(mutex_);
  auto counted = all_;
  lock.unlock();
  counted.finish();
  ProbeRecord record;
  static_cast<ProbeTally&>(record) = counted.tally;
  record.url = options_.url;
  return record;
}

ProbeRecord Prober::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  const std::lock_guard lock(mutex_);
  all_.finish();
  static_cast<ProbeTally&>(record_) = all_.tally;
  for (auto& [name, counted] : phases_) {
    counted.finish();
    ProbePhase phase;
    static_cast<ProbeTally&>(phase) = counted.tally;
    phase.name = name;
    record_.phases.push_back(std::move(phase));
  }
  return record_;
}

void Prober::run(const std::stop_token& stop) {
  auto& clock = options_.clock == nullptr ? system_clock() : *options_.clock;
  HttpRequest request{.url = options_.url, .timeout = options_.timeout, .stop = stop};
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

bool Prober::is_good(const Result<HttpResponse>& answer) const {
  return answer.ok() && answer->status < options_.lowest_bad_status;
}

void Prober::count(Counted& counted, const Result<HttpResponse>& answer, double latency_ms) const {
  counted.add(latency_ms);
  if (is_good(answer)) return;
  ++counted.tally.failed;
  ++counted.tally.failures_by_reason[answer.ok() ? fmt::format("HTTP {}", answer->status) : "no answer"];
}

void Prober::record(const Result<HttpResponse>& answer, SteadyTime sent, SteadyTime answered) {
  const std::lock_guard lock(mutex_);
  const bool good = is_good(answer);
  if (!good && !last_success_ && !options_.is_up_already) {
    ++record_.before_first_success;
    return;
  }
  const double latency = milliseconds_between(sent, answered);
  count(all_, answer, latency);
  if (!phases_.empty()) count(phases_.back().second, answer, latency);
  note_second(answer, answered);
  if (!good) return;
  if (last_success_) {
    const double gap = milliseconds_between(*last_success_, answered);
    all_.tally.longest_gap_ms = std::max(all_.tally.longest_gap_ms, gap);
    if (!phases_.empty()) {
      auto& tally = phases_.back().second.tally;
      tally.longest_gap_ms = std::max(tally.longest_gap_ms, gap);
    }
  }
  last_success_ = answered;
}

void Prober::note_second(const Result<HttpResponse>& answer, SteadyTime answered) {
  if (!began_) began_ = answered;
  const auto second = std::chrono::duration_cast<std::chrono::seconds>(answered - *began_).count();
  auto& seconds = record_.seconds;
  if (seconds.empty() || seconds.back().second != second) {
    if (seconds.size() == kMaxSeconds) return;
    seconds.push_back({second, 0, {}});
  }
  if (is_good(answer)) {
    ++seconds.back().answers[options_.version_of ? options_.version_of(*answer) : ""];
  } else {
    ++seconds.back().failed;
  }
}

void Prober::Counted::add(double latency_ms) {
  ++tally.sent;
  if (latencies_ms.size() < kMaxLatencies) latencies_ms.push_back(static_cast<float>(latency_ms));
}

void Prober::Counted::finish() {
  std::sort(latencies_ms.begin(), latencies_ms.end());
  tally.p50_ms = percentile(latencies_ms, 0.50);
  tally.p95_ms = percentile(latencies_ms, 0.95);
  tally.p99_ms = percentile(latencies_ms, 0.99);
}

}  // namespace base
