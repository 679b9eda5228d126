#include "steps/container_health.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace steps {

std::optional<ecr::HealthCheck> health_check_of(const ContainerOptions& options,
                                                const ecr::ImageConfig& config) {
  if (options.no_health_check) return std::nullopt;
  std::optional<ecr::HealthCheck> check = config.health_check;
  if (!options.health_command.empty()) {
    if (!check) check.emplace();
    check->test = options.health_command;
  }
  if (!check) return std::nullopt;
  const auto& given = options.health;
  if (given.interval_ns > 0) check->interval_ns = given.interval_ns;
  if (given.timeout_ns > 0) check->timeout_ns = given.timeout_ns;
  if (given.start_period_ns > 0) check->start_period_ns = given.start_period_ns;
  if (given.start_interval_ns > 0) check->start_interval_ns = given.start_interval_ns;
  if (given.retries > 0) check->retries = given.retries;
  return check;
}

base::Result<std::unique_ptr<HealthWatch>> HealthWatch::start(std::shared_ptr<sandbox::Sandbox> sandbox,
                                                              ecr::HealthProbe probe, Seen seen) {
  base::Fd wake(::eventfd(0, EFD_CLOEXEC));
  if (!wake) return base::system_error("eventfd", errno);
  return std::unique_ptr<HealthWatch>(
      new HealthWatch(std::move(sandbox), std::move(probe), std::move(seen), std::move(wake)));
}

HealthWatch::HealthWatch(std::shared_ptr<sandbox::Sandbox> sandbox, ecr::HealthProbe probe, Seen seen,
                         base::Fd wake)
    : sandbox_(std::move(sandbox)),
      probe_(std::move(probe)),
      seen_(std::move(seen)),
      wake_(std::move(wake)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

HealthWatch::~HealthWatch() {
  thread_.request_stop();
  const std::uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof one);
}

void HealthWatch::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    using std::chrono::milliseconds;
    const auto left = std::chrono::ceil<milliseconds>(probe_.next() - std::chrono::steady_clock::now());
    const auto wait = std::clamp<std::int64_t>(left.count(), 0, 3'600'000);
    std::array<pollfd, 2> waited{pollfd{wake_.get(), POLLIN, 0}, pollfd{probe_.ended_fd(), POLLIN, 0}};
    (void)::poll(waited.data(), waited.size(), static_cast<int>(wait));
    if (stop.stop_requested()) break;
    (void)probe_.tick(*sandbox_, std::chrono::steady_clock::now());
    seen_(probe_.health(), probe_.failures());
  }
  probe_.forget();
}

}  // namespace steps
