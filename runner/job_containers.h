#pragma once
// All containers of one job: its own, its services, their network. "Initialize containers" at its start,
// "Stop containers" at its end.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "runner/container_spec.h"
#include "runner/run_options.h"
#include "runner/service_containers.h"
#include "runner/service_network.h"
#include "steps/running_job.h"

namespace runner {

/// Whether the job's `container:` names an image; evaluated before the job has folders.
base::Result<bool> runs_in_container(const workflow::Node& container, const workflow::Scope& scope);

/// What a job asks for, with all expressions evaluated.
struct ContainerRequest {
  std::optional<ContainerSpec> own;
  std::vector<ServiceSpec> services;
  [[nodiscard]] bool empty() const { return !own && services.empty(); }
};
base::Result<ContainerRequest> read_container_request(const workflow::Job& job, const workflow::Scope& scope,
                                                      steps::LogSink& log);

/// The Error::code of what makes a job fail before its steps, and is no failure of the runner: containers or
/// actions that cannot be had. The job's log says why already.
inline constexpr std::string_view kJobCannotBegin = "job";

class JobContainers {
 public:
  /// Opens the way out of a service's network, as the job's policy has it; open as long as what it gives
  /// back.
  using OpenGate = std::function<base::Result<std::shared_ptr<void>>(sandbox::Sandbox& sandbox,
                                                                     const std::string& service)>;

  /// `plan` is that of the job's sandbox on the host's root; the job's folders exist. Nothing is started yet.
  static base::Result<std::unique_ptr<JobContainers>> prepare(ContainerRequest request, sandbox::Plan plan,
                                                              steps::RunningJob& job);
  /// Makes the job's sandbox and starts its services: the step "Initialize containers". Sets job.container
  /// and job.services, and registers the step that stops them.
  base::Result<std::unique_ptr<sandbox::Sandbox>> start(const OpenGate& open_gate);
  /// Whether the job asks for any.
  [[nodiscard]] bool any() const { return !request_.empty(); }
  /// For Docker actions and `docker run`.
  [[nodiscard]] steps::ContainerSurroundings surroundings();
  /// The plans, as --dry-run=sandbox shows them.
  [[nodiscard]] const sandbox::Plan& plan() const { return plan_; }

 private:
  JobContainers(ContainerRequest request, sandbox::Plan plan, steps::RunningJob& job);
  base::Result<std::unique_ptr<sandbox::Sandbox>> initialize(const OpenGate& open_gate);
  base::Result<void> obtain_images();
  base::Result<ecr::Image> obtain(const ContainerSpec& spec, const std::string& title);
  base::Result<void> plan_own_container();
  base::Result<void> plan_services();
  base::Result<void> start_services(sandbox::Sandbox& job_sandbox, const OpenGate& open_gate);
  base::Result<void> publish_ports(sandbox::Sandbox& job_sandbox);
  void set_contexts();

  ContainerRequest request_;
  sandbox::Plan host_plan_;  ///< of the job without a container: what all its containers have in common
  sandbox::Plan plan_;       ///< of the job's sandbox
  steps::RunningJob& job_;
  base::Path folder_;  ///< on disk
  std::string network_name_;
  std::optional<ecr::Image> own_image_;
  std::vector<ecr::Image> images_;  ///< of the services
  std::vector<PlannedService> planned_;
  std::map<std::string, std::map<std::string, std::string>> ports_;  ///< service → container port → host port
  ServiceContainers services_;
  std::unique_ptr<ServiceNetwork> network_;  ///< goes before the services that it leads to
  std::shared_ptr<void> connected_;
  std::vector<std::shared_ptr<void>> between_services_;
};

}  // namespace runner
