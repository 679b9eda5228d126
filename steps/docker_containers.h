#pragma once
// The containers and networks that steps of one job have made by `docker run`; all gone with the job at the
// latest. Not for what a container is (docker_container).

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "steps/docker_container.h"

namespace steps {

/// May be used by several threads.
class DockerContainers {
 public:
  explicit DockerContainers(RunningJob& job) : job_(job) {}

  base::Result<std::shared_ptr<DockerContainer>> create(ContainerRequested requested);
  /// Starts it; it and those that run in its networks find each other from now on, on ports that somebody
  /// listens at. Until then a connection is refused, as with Docker.
  base::Result<void> start(DockerContainer& container, ContainerLog::Reader output, base::Fd input);
  /// By name, id or the beginning of an id.
  base::Result<std::shared_ptr<DockerContainer>> find(const std::string& text);
  /// In the order in which they were made.
  std::vector<std::shared_ptr<DockerContainer>> list();
  void remove(const DockerContainer& container);

  /// Looks now for ports that have opened, not only from time to time.
  void meet_at_open_ports();

  base::Result<void> add_network(const std::string& name);
  base::Result<void> remove_network(const std::string& name);
  std::set<std::string> networks();

 private:
  void look_around(const std::stop_token& stop);
  std::vector<std::shared_ptr<DockerContainer>> neighbours_of(const DockerContainer& container);
  std::vector<std::shared_ptr<DockerContainer>> forget_ended();
  std::vector<std::shared_ptr<DockerContainer>> forget(
      const std::function<bool(const DockerContainer&)>& which);

  RunningJob& job_;
  std::mutex starting_;  ///< two that start at once would not meet
  std::mutex mutex_;
  std::unique_ptr<sandbox::StreamRelay> relay_;  ///< made with the first container
  std::vector<std::shared_ptr<DockerContainer>> containers_;
  unsigned made_ = 0;
  std::set<std::string> networks_{"bridge", "host", "none"};
  std::jthread watcher_;  ///< begun with the first container that others may find
};

}  // namespace steps
