#include "emulator/target_group.h"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <thread>

#include "base/json.h"
#include "base/strings.h"

namespace emulator {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::size_t kKeptLatencies = 1000;
constexpr std::size_t kIdleConnections = 16;
// Shorter than the keep-alive of common servers (uvicorn and node close after 5 s), so that an idle
// connection is not closed under a request.
constexpr double kShortestInterval = 0.05;
constexpr auto kIdleTime = std::chrono::seconds(3);

std::chrono::milliseconds to_milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

double percentile(std::vector<double> sorted, double part) {
  if (sorted.empty()) return 0;
  const auto at = static_cast<std::size_t>(std::lround(part * static_cast<double>(sorted.size() - 1)));
  return sorted[at];
}

base::Json counters_json(const TargetCounters& counters) {
  std::vector<double> sorted = counters.latencies_ms;
  std::sort(sorted.begin(), sorted.end());
  return {{"requests", counters.requests},
          {"http_2xx", counters.by_class[2]},
          {"http_3xx", counters.by_class[3]},
          {"http_4xx", counters.by_class[4]},
          {"http_5xx", counters.by_class[5]},
          {"connection_errors", counters.connection_errors},
          {"latency_ms",
           {{"p50", percentile(sorted, 0.5)},
            {"p95", percentile(sorted, 0.95)},
            {"p99", percentile(sorted, 0.99)}}}};
}

void add(TargetCounters& sum, const TargetCounters& counters) {
  sum.requests += counters.requests;
  for (std::size_t i = 0; i < std::size(sum.by_class); ++i) sum.by_class[i] += counters.by_class[i];
  sum.connection_errors += counters.connection_errors;
  sum.latencies_ms.insert(sum.latencies_ms.end(), counters.latencies_ms.begin(), counters.latencies_ms.end());
}

}  // namespace

struct TargetGroup::Settings {
  std::mutex mutex;
  HealthCheckSettings check;
  double deregistration_delay_seconds = 300;
  bool in_use = false;
};

struct Target {
  TargetId id;
  std::mutex mutex;
  std::condition_variable_any changed;
  TargetHealthTracker tracker;
  int in_flight = 0;
  TargetCounters counters;
  std::optional<SteadyClock::time_point> drained_at;
  std::vector<std::pair<std::unique_ptr<HttpConnection>, SteadyClock::time_point>> idle;
  base::Fd stop;  ///< eventfd for the checks' connections
  std::jthread checks;
};

CheckResult check_target(const Dial& dial, const TargetId& id, const HealthCheckSettings& settings,
                         int stop_fd) {
  const auto timeout = to_milliseconds(settings.timeout_seconds);
  const auto port = settings.port == "traffic-port"
                        ? id.port
                        : static_cast<std::uint16_t>(base::parse_integer(settings.port).value_or(id.port));
  auto socket = dial(id.address, port);
  if (!socket) return {CheckResult::Kind::failed, 0};
  HttpConnection connection(std::move(*socket), stop_fd);
  const std::string request = fmt::format(
      "GET {} HTTP/1.1\r\nHost: {}:{}\r\nConnection: close\r\nUser-Agent: ELB-HealthChecker/2.0\r\n"
      "Accept-Encoding: gzip, compressed\r\n\r\n",
      settings.path, id.address, port);
  std::string head;
  Transfer outcome = connection.write(request, timeout);
  if (outcome == Transfer::ok) outcome = connection.read_head(head, timeout);
  if (outcome == Transfer::timed_out) return {CheckResult::Kind::timed_out, 0};
  if (outcome != Transfer::ok) return {CheckResult::Kind::failed, 0};
  auto response = parse_response_head(head);
  if (!response) return {CheckResult::Kind::failed, 0};
  return {CheckResult::Kind::answered, response->status};
}

TargetLease::TargetLease(std::shared_ptr<Target> target) : target_(std::move(target)) {
  std::lock_guard lock(target_->mutex);
  ++target_->in_flight;
}

TargetLease& TargetLease::operator=(TargetLease&& other) noexcept {
  std::swap(target_, other.target_);
  return *this;
}

TargetLease::~TargetLease() {
  if (!target_) return;
  std::lock_guard lock(target_->mutex);
  --target_->in_flight;
}

const TargetId& TargetLease::id() const {
  return target_->id;
}

std::unique_ptr<HttpConnection> TargetLease::take_idle_connection() {
  std::lock_guard lock(target_->mutex);
  while (!target_->idle.empty()) {
    auto [connection, since] = std::move(target_->idle.back());
    target_->idle.pop_back();
    if (SteadyClock::now() - since < kIdleTime && !connection->has_something_to_read())
      return std::move(connection);
  }
  return nullptr;
}

void TargetLease::give_back(std::unique_ptr<HttpConnection> connection) {
  std::lock_guard lock(target_->mutex);
  if (target_->drained_at || target_->idle.size() >= kIdleConnections) return;
  target_->idle.emplace_back(std::move(connection), SteadyClock::now());
}

void TargetLease::count_answer(int status, SteadyClock::duration latency) {
  std::lock_guard lock(target_->mutex);
  TargetCounters& counters = target_->counters;
  ++counters.requests;
  ++counters.by_class[std::clamp(status / 100, 0, 5)];
  const double milliseconds = std::chrono::duration<double, std::milli>(latency).count();
  if (counters.latencies_ms.size() < kKeptLatencies) {
    counters.latencies_ms.push_back(milliseconds);
  } else {
    counters.latencies_ms[counters.next_latency++ % kKeptLatencies] = milliseconds;
  }
}

void TargetLease::count_connection_error() {
  std::lock_guard lock(target_->mutex);
  ++target_->counters.connection_errors;
}

TargetGroup::TargetGroup(Dial dial, HealthCheckSettings check, double deregistration_delay_seconds,
                         double time_scale)
    : dial_(std::move(dial)), time_scale_(time_scale), settings_(std::make_shared<Settings>()) {
  settings_->check = std::move(check);
  settings_->deregistration_delay_seconds = deregistration_delay_seconds;
}

TargetGroup::~TargetGroup() {
  std::lock_guard lock(mutex_);
  for (const auto& target : targets_) target->checks.request_stop();
  for (const auto& target : targets_) end_checks(target);
}

void TargetGroup::end_checks(const std::shared_ptr<Target>& target) const {
  target->checks.request_stop();
  const std::uint64_t one = 1;
  (void)!write(target->stop.get(), &one, sizeof one);
  if (target->checks.joinable()) target->checks.join();
}

void TargetGroup::keep_counters(Target& target) const {
  std::lock_guard target_lock(target.mutex);
  add(past_, target.counters);
  const std::size_t count = past_.latencies_ms.size();
  if (count > kKeptLatencies) {
    past_.latencies_ms.erase(
        past_.latencies_ms.begin(),
        past_.latencies_ms.begin() + static_cast<std::ptrdiff_t>(count - kKeptLatencies));
  }
}

void TargetGroup::change(HealthCheckSettings check, double deregistration_delay_seconds) {
  std::lock_guard lock(settings_->mutex);
  settings_->check = std::move(check);
  settings_->deregistration_delay_seconds = deregistration_delay_seconds;
}

HealthCheckSettings TargetGroup::health_check() const {
  std::lock_guard lock(settings_->mutex);
  return settings_->check;
}

double TargetGroup::deregistration_delay_seconds() const {
  std::lock_guard lock(settings_->mutex);
  return settings_->deregistration_delay_seconds;
}

void TargetGroup::set_in_use(bool in_use) {
  std::lock_guard lock(settings_->mutex);
  settings_->in_use = in_use;
}

bool TargetGroup::is_in_use() const {
  std::lock_guard lock(settings_->mutex);
  return settings_->in_use;
}

void TargetGroup::register_target(const TargetId& id) {
  remove_drained();
  std::lock_guard lock(mutex_);
  const auto known =
      std::find_if(targets_.begin(), targets_.end(), [&](const auto& target) { return target->id == id; });
  if (known != targets_.end()) {
    {
      std::lock_guard target_lock((*known)->mutex);
      if (!(*known)->drained_at) return;
    }
    end_checks(*known);
    keep_counters(**known);
    targets_.erase(known);
  }
  auto target = std::make_shared<Target>();
  target->id = id;
  target->stop.reset(eventfd(0, EFD_CLOEXEC));
  // The thread owns nothing of the group but what it holds by shared pointer and value.
  Target* raw = target.get();
  target->checks = std::jthread(
      [raw, settings = settings_, dial = dial_, scale = time_scale_](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
          HealthCheckSettings check;
          bool in_use = false;
          {
            std::lock_guard settings_lock(settings->mutex);
            check = settings->check;
            in_use = settings->in_use;
          }
          if (in_use && check.enabled) {
            const CheckResult result = check_target(dial, raw->id, check, raw->stop.get());
            const auto matcher = CodeMatcher::parse(check.matcher);
            std::lock_guard target_lock(raw->mutex);
            if (!stop.stop_requested())
              raw->tracker.record(result, matcher ? *matcher : CodeMatcher(), check.thresholds);
          }
          std::unique_lock wait_lock(raw->mutex);
          const double interval = std::max(kShortestInterval, check.interval_seconds / scale);
          const double pause = in_use ? interval : std::min(0.5, interval);
          raw->changed.wait_for(wait_lock, stop, to_milliseconds(pause), [] { return false; });
        }
      });
  targets_.push_back(std::move(target));
}

bool TargetGroup::deregister_target(const TargetId& id) {
  const double delay = deregistration_delay_seconds();
  std::lock_guard lock(mutex_);
  for (const auto& target : targets_) {
    if (target->id != id) continue;
    std::lock_guard target_lock(target->mutex);
    if (target->drained_at) return true;
    target->drained_at = SteadyClock::now() + to_milliseconds(delay / time_scale_);
    target->tracker.start_draining();
    target->idle.clear();
    target->checks.request_stop();
    return true;
  }
  return false;
}

void TargetGroup::remove_drained() const {
  std::lock_guard lock(mutex_);
  const auto now = SteadyClock::now();
  for (auto it = targets_.begin(); it != targets_.end();) {
    bool over = false;
    {
      std::lock_guard target_lock((*it)->mutex);
      over = (*it)->drained_at && now >= *(*it)->drained_at;
    }
    if (!over) {
      ++it;
      continue;
    }
    end_checks(*it);
    keep_counters(**it);
    it = targets_.erase(it);
  }
}

TargetHealth TargetGroup::health_of(const TargetId& id) const {
  remove_drained();
  const bool in_use = is_in_use();
  std::lock_guard lock(mutex_);
  for (const auto& target : targets_) {
    if (target->id != id) continue;
    std::lock_guard target_lock(target->mutex);
    return in_use || target->drained_at ? target->tracker.health() : unused_target();
  }
  return unregistered_target();
}

std::vector<TargetView> TargetGroup::targets() const {
  remove_drained();
  const bool in_use = is_in_use();
  std::lock_guard lock(mutex_);
  std::vector<TargetView> views;
  for (const auto& target : targets_) {
    std::lock_guard target_lock(target->mutex);
    const bool unused = !in_use && !target->drained_at;
    views.push_back({target->id, unused ? unused_target() : target->tracker.health(), target->in_flight,
                     target->counters});
  }
  return views;
}

TargetLease TargetGroup::pick(const std::set<TargetId>& excluded) {
  std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Target>> healthy;
  std::vector<std::shared_ptr<Target>> any;
  bool some_healthy = false;
  for (const auto& target : targets_) {
    std::lock_guard target_lock(target->mutex);
    if (target->drained_at) continue;
    const bool is_healthy = target->tracker.health().state == TargetState::healthy;
    some_healthy = some_healthy || is_healthy;
    if (excluded.contains(target->id)) continue;
    any.push_back(target);
    if (is_healthy) healthy.push_back(target);
  }
  const auto& choice = some_healthy ? healthy : any;
  if (choice.empty()) return {};
  return TargetLease(choice[turn_++ % choice.size()]);
}

TargetCounters TargetGroup::totals() const {
  std::lock_guard lock(mutex_);
  TargetCounters sum = past_;
  for (const auto& target : targets_) {
    std::lock_guard target_lock(target->mutex);
    add(sum, target->counters);
  }
  return sum;
}

base::Json TargetGroup::status() const {
  base::Json status = counters_json(totals());
  status["targets"] = base::Json::array();
  for (const TargetView& view : targets()) {
    base::Json entry = {{"address", view.id.address},
                        {"port", view.id.port},
                        {"state", std::string(name_of(view.health.state))},
                        {"reason", view.health.reason},
                        {"description", view.health.description},
                        {"in_flight", view.in_flight}};
    entry.update(counters_json(view.counters));
    status["targets"].push_back(std::move(entry));
  }
  return status;
}

}  // namespace emulator
