#pragma once
// The health of a container that runs: its check started when it is due, its outcomes counted as Docker
// counts them. Driven by whoever watches the container: tick() when next() has come or the check has ended.

#include <chrono>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "ecr/image.h"
#include "sandbox/sandbox.h"

namespace ecr {

struct HealthTimes {
  std::chrono::milliseconds interval{30'000};
  std::chrono::milliseconds timeout{30'000};
  std::chrono::milliseconds start_period{0};
  int retries = 3;
  /// Checks sooner than after a whole interval at first. Those only ever find it healthy: a failure counts
  /// at the times of the interval alone.
  bool eager = false;
};
/// Of an image's HEALTHCHECK, with Docker's defaults for what it leaves open.
HealthTimes health_times(const HealthCheck& check);
/// Its command; nothing for NONE and for an empty one.
std::optional<std::vector<std::string>> health_command(const HealthCheck& check,
                                                       const std::vector<std::string>& shell);

enum class Health { starting, healthy, unhealthy };

class HealthProbe {
 public:
  /// `command` is started as it is; its output goes nowhere.
  HealthProbe(sandbox::Command command, HealthTimes times, base::SteadyTime started);
  /// Starts a check that is due and looks after one that runs. True when the health has changed.
  bool tick(sandbox::Sandbox& sandbox, base::SteadyTime now);
  /// When to call tick() at the latest.
  [[nodiscard]] base::SteadyTime next() const { return running_ ? deadline_ : due_; }
  /// Readable when the running check has ended; -1 when none runs.
  [[nodiscard]] int ended_fd() const { return running_ ? running_->ended.get() : -1; }
  [[nodiscard]] Health health() const { return health_; }
  /// Failures that counted since it was last found healthy.
  [[nodiscard]] int failures() const { return failures_; }
  /// The check under way is of no interest any more.
  void forget() { running_.reset(); }

 private:
  void start(sandbox::Sandbox& sandbox, base::SteadyTime now);
  bool count(bool passed, base::SteadyTime now);

  sandbox::Command command_;
  HealthTimes times_;
  base::SteadyTime started_;
  base::SteadyTime scheduled_;  ///< of the next check whose failure counts
  base::SteadyTime due_;
  base::SteadyTime deadline_{};
  std::chrono::milliseconds pause_{50};  ///< between eager checks; grows
  std::optional<sandbox::StartedProcess> running_;
  bool running_counts_ = false;
  int failures_ = 0;
  Health health_ = Health::starting;
};

}  // namespace ecr
