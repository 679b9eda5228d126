#pragma once
// The service containers of a job while they run: each in a sandbox of its own from its image, its output
// kept, its health looked after on one thread. Not for how they are found (service_network).

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "ecr/health_probe.h"
#include "ecr/image_store.h"
#include "runner/container_spec.h"
#include "sandbox/sandbox.h"
#include "steps/log_sink.h"

namespace runner {

/// A service that is about to be started.
struct PlannedService {
  ServiceSpec spec;
  ecr::Image image;
  sandbox::Plan plan;  ///< complete
};

class ServiceContainers {
 public:
  ServiceContainers();
  /// Kills all that run.
  ~ServiceContainers();
  ServiceContainers(const ServiceContainers&) = delete;
  ServiceContainers& operator=(const ServiceContainers&) = delete;

  /// Its sandbox, in which nothing runs yet; lives until stop().
  base::Result<sandbox::Sandbox*> make(PlannedService service);
  /// Starts the programs of all.
  base::Result<void> start();
  /// Until all that have a health check are healthy, with the lines and the failure of actions/runner
  /// (ContainerOperationProvider.cs).
  base::Result<void> wait_until_ready(steps::LogSink& log, const std::stop_token& stop);
  /// Prints what each has written and ends it.
  void stop(steps::LogSink& log);

 private:
  struct Service;
  base::Result<void> start_one(Service& service);
  void watch();
  void read_output(Service& service, int most_pieces);
  void look_after(Service& service);
  base::Result<void> wait_for(Service& service, steps::LogSink& log, const std::stop_token& stop);
  void print_output(Service& service, steps::LogSink& log);

  std::mutex mutex_;  ///< of what is in the services; the list itself does not change after start()
  std::condition_variable_any changed_;
  std::vector<std::unique_ptr<Service>> services_;
  base::Fd wake_;
  bool ending_ = false;
  std::thread watcher_;
};

}  // namespace runner
