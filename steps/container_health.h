#pragma once
// The health check of a container: what it is, and a thread that carries it out. How outcomes count is
// ecr/health_probe's.

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <thread>

#include "base/fd.h"
#include "base/result.h"
#include "ecr/health_probe.h"
#include "ecr/image.h"
#include "steps/container_options.h"

namespace steps {

/// The image's check with what the options say over it; nothing where neither has one, or it is not wanted.
std::optional<ecr::HealthCheck> health_check_of(const ContainerOptions& options,
                                                const ecr::ImageConfig& config);

/// Checks until destroyed.
class HealthWatch {
 public:
  using Seen = std::function<void(ecr::Health health, int failures)>;
  /// `seen` is told on the thread of the watch, after each look.
  static base::Result<std::unique_ptr<HealthWatch>> start(std::shared_ptr<sandbox::Sandbox> sandbox,
                                                          ecr::HealthProbe probe, Seen seen);
  ~HealthWatch();
  HealthWatch(const HealthWatch&) = delete;
  HealthWatch& operator=(const HealthWatch&) = delete;

 private:
  HealthWatch(std::shared_ptr<sandbox::Sandbox> sandbox, ecr::HealthProbe probe, Seen seen, base::Fd wake);
  void run(const std::stop_token& stop);

  std::shared_ptr<sandbox::Sandbox> sandbox_;
  ecr::HealthProbe probe_;
  Seen seen_;
  base::Fd wake_;
  std::jthread thread_;
};

}  // namespace steps
