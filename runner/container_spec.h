#pragma once
// `container:` and the entries of `services:` with their expressions evaluated: what a container is asked to
// be. Not for what it becomes (job_container, service_containers).

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "steps/container_options.h"
#include "steps/running_job.h"
#include "workflow/contexts.h"
#include "workflow/workflow.h"

namespace runner {

struct ContainerSpec {
  std::string image;  ///< without `docker://`
  std::optional<steps::RegistryLogin> login;
  std::map<std::string, std::string> environment;
  std::vector<steps::PublishedPort> ports;
  std::vector<steps::VolumeMount> volumes;
  steps::ContainerOptions options;
  std::optional<std::string> entrypoint;              ///< of services
  std::optional<std::vector<std::string>> arguments;  ///< of services: `command`
};

/// Nothing when there is no image, or an empty one: then there is no container.
base::Result<std::optional<ContainerSpec>> read_container(const workflow::Node& node,
                                                          const workflow::Scope& scope);

struct ServiceSpec {
  std::string id;
  ContainerSpec container;
};
/// In their order; those with an empty image are not started.
struct ServiceList {
  std::vector<ServiceSpec> services;
  std::vector<std::string> without_image;  ///< ids
};
base::Result<ServiceList> read_services(const workflow::Node& node, const workflow::Scope& scope);

}  // namespace runner
