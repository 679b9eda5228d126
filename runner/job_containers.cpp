#include "runner/job_containers.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/crypto.h"
#include "base/strings.h"
#include "ecr/image_reference.h"
#include "ecr/image_root.h"
#include "ecr/image_user.h"
#include "runner/job_container.h"
#include "steps/container_mounts.h"
#include "steps/host_node.h"
#include "steps/job_files.h"
#include "steps/job_images.h"
#include "steps/step_events.h"

namespace runner {

namespace {

using base::Result;
using workflow::expression::Object;
using workflow::expression::Value;

constexpr std::size_t kMostServices = 200;  // as many as have addresses

std::string container_id() {
  return base::to_hex(base::random_bytes(32));
}

std::vector<std::uint16_t> exposed_ports(const ecr::ImageConfig& config) {
  std::vector<std::uint16_t> ports;
  for (const auto& text : config.exposed_ports) {
    const auto parsed = steps::parse_ports(text);
    if (!parsed) continue;
    for (const auto& port : *parsed) {
      if (!port.udp) ports.push_back(port.container);
    }
  }
  return ports;
}

/// What the job's steps have to be able to enter and write belongs to the user that they run as.
Result<void> give_folders_to_user(const steps::JobFolders& folders, std::uint32_t owner) {
  for (const auto* folder : {&folders.workspace, &folders.temp, &folders.file_commands, &folders.actions,
                             &folders.tool_cache, &folders.home, &folders.workflow}) {
    TRY(const auto opened, base::open_directory(folder->host));
    TRY(steps::give_to_steps(opened.get(), owner));
  }
  return {};
}

base::Error reported(base::Error error, steps::LogSink& log) {
  log.annotation({.level = steps::LineKind::error, .message = error.to_string()});
  error.code = kJobCannotBegin;
  return error;
}

Result<ContainerRequest> read_request(const workflow::Job& job, const workflow::Scope& scope,
                                      steps::LogSink& log) {
  ContainerRequest request;
  TRY(request.own, read_container(job.container, scope));
  TRY(auto list, read_services(job.services, scope));
  for (const auto& id : list.without_image) {
    log.line(
        steps::LineKind::output,
        fmt::format(
            "The service '{}' will not be started because the container definition has an empty image.", id));
  }
  request.services = std::move(list.services);
  if (request.services.size() > kMostServices)
    return base::make_error(base::ErrorKind::invalid_input,
                            fmt::format("a job has at most {} services", kMostServices));
  return request;
}

}  // namespace

Result<bool> runs_in_container(const workflow::Node& container, const workflow::Scope& scope) {
  if (!container.present()) return false;
  TRY(const auto value,
      workflow::evaluate_node(container.is_mapping() ? container["image"] : container, scope)
          .while_doing("evaluating the job's container"));
  if (value.is_null()) return false;
  const auto image = value.is_object() ? value.get("image") : value;
  return !image.is_null() && !base::trim(image.to_text()).empty();
}

Result<ContainerRequest> read_container_request(const workflow::Job& job, const workflow::Scope& scope,
                                                steps::LogSink& log) {
  auto request = read_request(job, scope, log);
  if (!request) return reported(std::move(request).error(), log);
  return request;
}

JobContainers::JobContainers(ContainerRequest request, sandbox::Plan plan, steps::RunningJob& job)
    : request_(std::move(request)),
      host_plan_(std::move(plan)),
      plan_(host_plan_),
      job_(job),
      folder_(job.folders.workspace.host.parent_path()),
      network_name_("github_network_" + base::to_hex(base::random_bytes(16))) {}

Result<std::unique_ptr<JobContainers>> JobContainers::prepare(ContainerRequest request, sandbox::Plan plan,
                                                              steps::RunningJob& job) {
  std::unique_ptr<JobContainers> made(new JobContainers(std::move(request), std::move(plan), job));
  TRY(made->network_, ServiceNetwork::make(made->host_plan_.id_slot));
  for (const auto& service : made->request_.services) {
    const auto& aliases = service.container.options.aliases;
    made->network_->add(service.id, aliases);
  }
  return made;
}

Result<std::unique_ptr<sandbox::Sandbox>> JobContainers::start(const OpenGate& open_gate) {
  if (request_.empty()) return sandbox::make_namespace_sandbox(plan_);
  const steps::StepEvents events(*job_.log, "Initialize containers");
  auto made = initialize(open_gate);
  job_.post_steps.push_back({.name = "Stop containers",
                             .run = [this](steps::RunningJob& job) -> Result<void> {
                               services_.stop(*job.log);
                               job.log->line(steps::LineKind::output,
                                             fmt::format("Remove container network: {}", network_name_));
                               return {};
                             },
                             .opening = ""});
  if (!made) {
    made = reported(std::move(made).error(), *job_.log);
    services_.stop(*job_.log);
  }
  const auto conclusion =
      made ? steps::Conclusion::success
           : (job_.stop.stop_requested() ? steps::Conclusion::cancelled : steps::Conclusion::failure);
  events.finished({conclusion, conclusion, {}});
  return made;
}

Result<std::unique_ptr<sandbox::Sandbox>> JobContainers::initialize(const OpenGate& open_gate) {
  TRY(obtain_images());
  if (request_.own) TRY(plan_own_container());
  TRY(plan_services());
  TRY(auto sandbox, sandbox::make_namespace_sandbox(plan_));
  TRY(start_services(*sandbox, open_gate));
  TRY(services_.wait_until_ready(*job_.log, job_.stop));
  return sandbox;
}

Result<ecr::Image> JobContainers::obtain(const ContainerSpec& spec, const std::string& title) {
  job_.log->line(steps::LineKind::group, title);
  steps::ImageRequest request{
      .image = spec.image,
      .login = spec.login ? spec.login : steps::login_of_token(spec.image, job_.contexts.get("github")),
      .policy = spec.options.pull,
      .stop = job_.stop,
      .say = [this](std::string_view line) { job_.log->line(steps::LineKind::output, line); }};
  auto image = steps::obtain_image(request, *job_.services);
  const auto reference = ecr::parse_image_reference(spec.image);
  const bool reached = reference && steps::check_registry(*job_.services, *reference);
  if (!image && image.error().kind == base::ErrorKind::denied && reached && request.login && !spec.login) {
    // The image may be everybody's, and the token that the user gave one for other things.
    request.say("The registry refuses GITHUB_TOKEN; trying without it");
    request.login.reset();
    image = steps::obtain_image(request, *job_.services);
  }
  job_.log->line(steps::LineKind::endgroup, "");
  return image;
}

Result<void> JobContainers::obtain_images() {
  if (request_.own) {
    TRY(own_image_, obtain(*request_.own, "Starting job container"));
  }
  for (const auto& service : request_.services) {
    TRY(auto image, obtain(service.container, fmt::format("Starting {} service container", service.id)));
    images_.push_back(std::move(image));
  }
  return {};
}

Result<void> JobContainers::plan_own_container() {
  const auto& spec = *request_.own;
  plan_.root = sandbox::RootKind::image;
  TRY(plan_.image, ecr::make_image_root(*job_.services->images, own_image_->manifest, folder_ / "container",
                                        plan_.id_slot));
  TRY(const auto user,
      ecr::find_user(ecr::layers_of(plan_.image), spec.options.user.value_or(own_image_->config.user)));
  plan_.uid = user.uid;
  plan_.gid = user.gid;
  plan_.groups = user.groups;
  const auto owner = sandbox::host_uid(plan_, user.uid);
  if (!owner && user.uid != 0 && ::geteuid() == 0) {
    return base::make_error(base::ErrorKind::invalid_input,
                            fmt::format("the user {} of the container is not below 65536", user.uid));
  }
  job_.services->host_uid = owner.value_or(::geteuid());
  if (user.uid != 0) TRY(give_folders_to_user(job_.folders, job_.services->host_uid));
  const auto work = folder_ / "work";
  plan_.mounts = container_folder_mounts(job_.folders, work);
  if (auto node = steps::find_host_node(folder_ / "node")) {
    for (auto& mount : node->mounts) plan_.mounts.push_back(std::move(mount));
    job_.node_in_container = std::move(node->argv);
  } else {
    job_.log->line(steps::LineKind::debug,
                   "JavaScript actions need a node of the image's own: " + node.error().to_string());
  }
  TRY(auto volumes, steps::volume_mounts(spec.volumes, job_.folders, job_.services->host_uid));
  plan_.mounts.insert(plan_.mounts.end(), volumes.begin(), volumes.end());
  plan_.hostname = container_id().substr(0, 12);
  plan_.hosts = network_->hosts();
  steps::apply_options(spec.options, plan_);
  auto variables = container_environment(spec, own_image_->config);
  variables["RUNNER_TRACKING_ID"] = job_.machine_environment["RUNNER_TRACKING_ID"];
  job_.machine_environment = std::move(variables);
  return {};
}

Result<void> JobContainers::plan_services() {
  for (std::size_t i = 0; i < request_.services.size(); ++i) {
    const auto& spec = request_.services[i].container;
    sandbox::Plan plan = host_plan_;
    plan.label = fmt::format("{}/{}", host_plan_.label, request_.services[i].id);
    plan.root = sandbox::RootKind::image;
    plan.network = sandbox::NetworkMode::isolated;
    TRY(plan.image, ecr::make_image_root(*job_.services->images, images_[i].manifest,
                                         folder_ / fmt::format("service-{}", i), plan.id_slot));
    TRY(plan.mounts,
        steps::volume_mounts(spec.volumes, job_.folders, sandbox::host_uid(plan, 0).value_or(::geteuid())));
    plan.hostname = container_id().substr(0, 12);
    plan.hosts = network_->hosts();
    steps::apply_options(spec.options, plan);
    planned_.push_back({request_.services[i], images_[i], std::move(plan)});
  }
  return {};
}

Result<void> JobContainers::start_services(sandbox::Sandbox& job_sandbox, const OpenGate& open_gate) {
  std::vector<sandbox::Sandbox*> sandboxes;
  for (const auto& planned : planned_) {
    TRY(auto* sandbox,
        services_.make(planned).while_doing(fmt::format("starting the service {}", planned.spec.id)));
    std::vector<std::uint16_t> wanted;
    for (const auto& port : planned.spec.container.ports) {
      if (!port.udp) wanted.push_back(port.container);
    }
    auto exposed = exposed_ports(planned.image.config);
    const auto& more = planned.spec.container.options.exposed;
    exposed.insert(exposed.end(), more.begin(), more.end());
    network_->open(planned.spec.id, *sandbox, std::move(wanted), std::move(exposed));
    sandboxes.push_back(sandbox);
  }
  TRY(publish_ports(job_sandbox));
  for (std::size_t i = 0; i < sandboxes.size(); ++i) {
    TRY(auto connected,
        network_->connect(*sandboxes[i], sandbox::NetworkMode::isolated, planned_[i].spec.id, *job_.log));
    TRY(auto gate, open_gate(*sandboxes[i], planned_[i].spec.id));
    between_services_.push_back(std::move(connected));
    between_services_.push_back(std::move(gate));
  }
  if (request_.own) {
    TRY(connected_, network_->connect(job_sandbox, plan_.network, "", *job_.log));
  }
  TRY(services_.start());
  set_contexts();
  return {};
}

// Host jobs find services on ports of 127.0.0.1, container jobs by their names.
Result<void> JobContainers::publish_ports(sandbox::Sandbox& job_sandbox) {
  std::vector<ServiceNetwork::Ports::Port> wanted;
  for (const auto& planned : planned_) {
    for (const auto& port : planned.spec.container.ports) {
      if (port.udp) {
        return base::make_error(base::ErrorKind::invalid_input,
                                fmt::format("the service {}: ports of UDP ({}) are not supported",
                                            planned.spec.id, port.container));
      }
      ports_[planned.spec.id][std::to_string(port.container)] =
          std::to_string(port.host == 0 ? port.container : port.host);
      wanted.push_back({planned.spec.id, port, {}});
    }
  }
  if (request_.own || wanted.empty()) return {};
  const bool host = plan_.network == sandbox::NetworkMode::host;
  TRY(auto taken, ServiceNetwork::take_ports(wanted, host ? nullptr : &job_sandbox, job_.stop, *job_.log));
  for (const auto& port : taken.list)
    ports_[port.id][std::to_string(port.port.container)] = std::to_string(port.port.host);
  return network_->publish(std::move(taken));
}

void JobContainers::set_contexts() {
  Object services;
  for (const auto& planned : planned_) {
    Object ports;
    for (const auto& [inside, outside] : ports_[planned.spec.id]) ports.set(inside, Value(outside));
    Object service;
    service.set("id", Value(container_id()));
    service.set("network", Value(network_name_));
    service.set("ports", Value(std::move(ports)));
    services.set(planned.spec.id, Value(std::move(service)));
  }
  job_.contexts.set_member("job", "services", Value(std::move(services)));
  if (!request_.own) return;
  Object container;
  container.set("id", Value(container_id()));
  container.set("network", Value(network_name_));
  job_.contexts.set_member("job", "container", Value(std::move(container)));
}

steps::ContainerSurroundings JobContainers::surroundings() {
  sandbox::Plan plan = host_plan_;
  plan.mounts.clear();
  plan.hosts = network_->hosts();
  return {.plan = std::move(plan),
          .folder = folder_ / "actions-containers",
          .connect =
              [this](sandbox::Sandbox& sandbox) {
                return network_->connect(sandbox, host_plan_.network, "", *job_.log);
              },
          .connect_apart =
              [this](sandbox::Sandbox& sandbox) {
                return network_->connect(sandbox, sandbox::NetworkMode::isolated, "", *job_.log);
              }};
}

}  // namespace runner
