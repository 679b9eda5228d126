#pragma once
// A target group as it works: its targets, their health checks, round robin over the healthy ones, draining
// and counters. The API over it is elb_service.h; who carries requests to targets is load_balancer.h.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/json_fwd.h"
#include "emulator/http_connection.h"
#include "emulator/target_health.h"

namespace emulator {

/// Opens a TCP connection to a target: into a task's network namespace, or to this machine's loopback.
using Dial = std::function<base::Result<base::Fd>(const std::string& address, std::uint16_t port)>;

/// As CreateTargetGroup has them. Fractions of a second are this emulator's own extension, for rehearsals.
struct HealthCheckSettings {
  bool enabled = true;
  std::string protocol = "HTTP";
  std::string port = "traffic-port";
  std::string path = "/";
  double interval_seconds = 30;
  double timeout_seconds = 5;
  HealthThresholds thresholds;
  std::string matcher = "200";
};

struct TargetId {
  std::string address;
  std::uint16_t port = 0;
  auto operator<=>(const TargetId&) const = default;
};

struct TargetCounters {
  std::uint64_t requests = 0;
  std::uint64_t by_class[6] = {};  ///< [2] is 2xx
  std::uint64_t connection_errors = 0;
  std::vector<double> latencies_ms;  ///< the last 1000
  std::size_t next_latency = 0;
};

struct TargetView {
  TargetId id;
  TargetHealth health;
  int in_flight = 0;
  TargetCounters counters;
};

struct Target;

/// One request's hold on a target; counts as in flight until destroyed.
class TargetLease {
 public:
  TargetLease() = default;
  explicit TargetLease(std::shared_ptr<Target> target);
  TargetLease(TargetLease&&) noexcept = default;
  TargetLease& operator=(TargetLease&& other) noexcept;
  ~TargetLease();
  explicit operator bool() const { return target_ != nullptr; }
  [[nodiscard]] const TargetId& id() const;
  /// An idle connection to it that is still good, if there is one.
  std::unique_ptr<HttpConnection> take_idle_connection();
  void give_back(std::unique_ptr<HttpConnection> connection);
  void count_answer(int status, std::chrono::steady_clock::duration latency);
  void count_connection_error();

 private:
  std::shared_ptr<Target> target_;
};

class TargetGroup {
 public:
  /// Intervals and the delay pass `time_scale` times as fast; a check itself has its whole timeout.
  TargetGroup(Dial dial, HealthCheckSettings check, double deregistration_delay_seconds,
              double time_scale = 1);
  ~TargetGroup();

  void change(HealthCheckSettings check, double deregistration_delay_seconds);
  [[nodiscard]] HealthCheckSettings health_check() const;
  [[nodiscard]] double deregistration_delay_seconds() const;
  /// Whether a listener forwards to it; without one its targets are unused and not checked.
  void set_in_use(bool in_use);

  /// Again for a known target does nothing, for a draining one it makes it a new one.
  void register_target(const TargetId& id);
  /// No new request from now on; gone when the delay has passed. False when it is not registered.
  bool deregister_target(const TargetId& id);
  /// unregistered_target() for one that is not there.
  [[nodiscard]] TargetHealth health_of(const TargetId& id) const;
  [[nodiscard]] std::vector<TargetView> targets() const;

  /// The next target in turn, healthy if any is (else any, as a load balancer fails open), none of
  /// `excluded`.
  TargetLease pick(const std::set<TargetId>& excluded);
  [[nodiscard]] const Dial& dial() const { return dial_; }
  /// Counters of all targets, also of those that are gone: {requests, http_2xx…, latency_ms{p50,p95,p99},
  /// targets[]}.
  [[nodiscard]] base::Json status() const;
  /// Sums over all targets that ever were, for CloudWatch.
  [[nodiscard]] TargetCounters totals() const;

 private:
  struct Settings;
  [[nodiscard]] bool is_in_use() const;
  void remove_drained() const;
  void end_checks(const std::shared_ptr<Target>& target) const;
  void keep_counters(Target& target) const;

  Dial dial_;
  double time_scale_;
  std::shared_ptr<Settings> settings_;
  mutable std::mutex mutex_;
  mutable std::vector<std::shared_ptr<Target>> targets_;
  mutable TargetCounters past_;  ///< of targets that are gone
  std::size_t turn_ = 0;
};

/// One check as a load balancer makes it: GET with its own user agent, the status of the answer.
CheckResult check_target(const Dial& dial, const TargetId& id, const HealthCheckSettings& settings,
                         int stop_fd);

}  // namespace emulator
