#include "ecr/health_probe.h"

#include <poll.h>

#include <algorithm>
#include <csignal>

namespace ecr {

namespace {

using std::chrono::milliseconds;

// Shorter would be a busy loop.
constexpr milliseconds kShortest{50};

milliseconds or_default(std::int64_t nanoseconds, milliseconds fallback) {
  if (nanoseconds <= 0) return fallback;
  return std::max(kShortest, milliseconds(nanoseconds / 1'000'000));
}

}  // namespace

HealthTimes health_times(const HealthCheck& check) {
  HealthTimes times;
  times.interval = or_default(check.interval_ns, times.interval);
  times.timeout = or_default(check.timeout_ns, times.timeout);
  times.start_period = or_default(check.start_period_ns, times.start_period);
  if (check.retries > 0) times.retries = check.retries;
  return times;
}

std::optional<std::vector<std::string>> health_command(const HealthCheck& check,
                                                       const std::vector<std::string>& shell) {
  if (check.test.size() < 2 || check.test[0] == "NONE") return std::nullopt;
  if (check.test[0] == "CMD") return std::vector<std::string>(check.test.begin() + 1, check.test.end());
  auto argv = shell.empty() ? std::vector<std::string>{"/bin/sh", "-c"} : shell;
  argv.push_back(check.test[1]);
  return argv;
}

HealthProbe::HealthProbe(sandbox::Command command, HealthTimes times, base::SteadyTime started)
    : command_(std::move(command)), times_(times), started_(started), scheduled_(started + times.interval) {
  due_ = times_.eager ? std::min(started_ + pause_, scheduled_) : scheduled_;
}

bool HealthProbe::tick(sandbox::Sandbox& sandbox, base::SteadyTime now) {
  if (!running_) {
    if (now < due_) return false;
    start(sandbox, now);
    return running_ ? false : count(false, now);
  }
  pollfd ended{running_->ended.get(), POLLIN, 0};
  if (::poll(&ended, 1, 0) > 0) {
    const auto status = sandbox.wait(*running_);
    return count(status.ok() && status->shell_code() == 0, now);
  }
  if (now < deadline_) return false;
  (void)sandbox.signal(running_->id, SIGKILL, sandbox::SignalTarget::process_group);
  (void)sandbox.wait(*running_);
  return count(false, now);
}

void HealthProbe::start(sandbox::Sandbox& sandbox, base::SteadyTime now) {
  running_counts_ = now >= scheduled_;
  auto started = sandbox.start(command_);
  if (!started) return;
  running_ = std::move(*started);
  deadline_ = now + times_.timeout;
}

bool HealthProbe::count(bool passed, base::SteadyTime now) {
  running_.reset();
  if (running_counts_) scheduled_ = now + times_.interval;
  due_ = scheduled_;
  if (times_.eager && health_ == Health::starting) {
    pause_ = std::min(2 * pause_, milliseconds(2000));
    due_ = std::min(now + pause_, scheduled_);
  }
  const Health before = health_;
  if (passed) {
    failures_ = 0;
    health_ = Health::healthy;
    due_ = scheduled_ = now + times_.interval;
  } else if (running_counts_ && now - started_ >= times_.start_period && ++failures_ >= times_.retries) {
    health_ = Health::unhealthy;
  }
  return health_ != before;
}

}  // namespace ecr
