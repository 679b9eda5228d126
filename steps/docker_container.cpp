#include "steps/docker_container.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/crypto.h"
#include "ecr/image_root.h"
#include "ecr/image_user.h"
#include "ecr/volume_content.h"
#include "steps/container_mounts.h"
#include "steps/docker_volumes.h"
#include "steps/streamed_process.h"

namespace steps {

namespace {

using base::Result;
using Stream = ContainerLog::Stream;

constexpr std::size_t kIdBytes = 32;
constexpr std::size_t kShortId = 12;
constexpr std::chrono::milliseconds kForLastOutput{100};
constexpr int kNoProgram = 127;
constexpr int kCannotRun = 126;

base::WallTime now() {
  return base::system_clock().now();
}

// 127.64.0.0/16, without the first and the last of each 256.
std::string address_of_container(unsigned number) {
  constexpr unsigned kOfEach = 254;
  return fmt::format("127.64.{}.{}", number / kOfEach % 256, number % kOfEach + 1);
}

// As a shell tells it, and docker.
sandbox::ExitStatus not_started(const base::Error& error) {
  return {.code = error.kind == base::ErrorKind::not_found ? kNoProgram : kCannotRun,
          .failure = error.to_string()};
}

ProcessStreams streams_to(const ContainerLog::Reader& reader) {
  ProcessStreams streams;
  streams.output = [reader](std::string_view bytes) -> Result<void> {
    reader(Stream::output, bytes);
    return {};
  };
  streams.error = [reader](std::string_view bytes) -> Result<void> {
    reader(Stream::error, bytes);
    return {};
  };
  streams.after_exit = kForLastOutput;
  return streams;
}

std::set<std::uint16_t> ports_by_options(const ContainerOptions& options) {
  std::set<std::uint16_t> ports(options.exposed.begin(), options.exposed.end());
  for (const auto& port : options.ports) ports.insert(port.container);
  return ports;
}

std::set<std::uint16_t> ports_by_image(const ecr::ImageConfig& config) {
  std::set<std::uint16_t> ports;
  for (const auto& text : config.exposed_ports) {
    const auto parsed = parse_ports(text);
    if (!parsed) continue;
    for (const auto& port : *parsed) {
      if (!port.udp) ports.insert(port.container);
    }
  }
  return ports;
}

/// What -p says, and with -P what is exposed and -p does not say.
std::vector<PublishedPort> published_ports(const ContainerRequested& requested) {
  auto published = requested.options.ports;
  if (!requested.options.publish_all) return published;
  auto exposed = ports_by_image(requested.found.config);
  exposed.insert(requested.options.exposed.begin(), requested.options.exposed.end());
  for (const auto& port : requested.options.ports) exposed.erase(port.container);
  for (const auto port : exposed) published.push_back({.host = 0, .container = port});
  return published;
}

// An image whose program is replaced is often a client of another container of the same image.
std::set<std::uint16_t> served_ports(const ContainerRequested& requested) {
  auto ports = ports_by_options(requested.options);
  const bool is_the_images_program = requested.command.empty() && !requested.options.entrypoint;
  if (is_the_images_program) ports.merge(ports_by_image(requested.found.config));
  return ports;
}

}  // namespace

base::Error as_docker_says(const std::string& what) {
  return base::invalid_input("Error response from daemon: " + what);
}

bool is_own_network(const std::string& name) {
  return name != "host" && name != "none" && name != "bridge";
}

bool ContainerRequested::is_in(const std::string& network) const {
  return std::find(networks.begin(), networks.end(), network) != networks.end();
}

// One by one, and not again where somebody listens: a program notices each connection.
bool DockerContainer::look_for_open_ports() {
  auto ports = ports_by_options(requested_.options);
  ports.merge(ports_by_image(requested_.found.config));
  bool found = false;
  for (const auto port : ports) {
    {
      const std::lock_guard lock(mutex_);
      if (state_.phase != ContainerPhase::running || open_ports_.contains(port)) continue;
    }
    if (!door_->connect(port)) continue;
    const std::lock_guard lock(mutex_);
    open_ports_.insert(port);
    found = true;
  }
  return found;
}

void SandboxDoor::lead_to(std::shared_ptr<sandbox::Sandbox> sandbox) {
  const std::lock_guard lock(mutex_);
  sandbox_ = std::move(sandbox);
}

std::shared_ptr<sandbox::Sandbox> SandboxDoor::sandbox() const {
  const std::lock_guard lock(mutex_);
  return sandbox_;
}

Result<base::Fd> SandboxDoor::connect(std::uint16_t port) const {
  const auto there = sandbox();
  if (there) return there->connect(port);
  return base::make_error(base::ErrorKind::unavailable, "the container does not run");
}

DockerContainer::DockerContainer(ContainerRequested requested, RunningJob& job, sandbox::StreamRelay& relay,
                                 unsigned number)
    : job_(job),
      id_(base::to_hex(base::random_bytes(kIdBytes))),
      requested_(std::move(requested)),
      address_(address_of_container(number)),
      folder_(job.services->containers->folder / id_.substr(0, kShortId)),
      network_(relay, HostsFile(folder_ / "hosts", requested_.options.hosts)) {
  state_.created = now();
  if (requested_.name.empty()) requested_.name = "container_" + id_.substr(0, kShortId);
}

DockerContainer::~DockerContainer() {
  if (const auto sandbox = door_->sandbox()) (void)sandbox->destroy();
  if (thread_.joinable()) thread_.join();
  (void)base::remove_tree(folder_);
}

Result<std::shared_ptr<DockerContainer>> DockerContainer::make(ContainerRequested requested, RunningJob& job,
                                                               sandbox::StreamRelay& relay, unsigned number) {
  const auto& surroundings = *job.services->containers;
  std::shared_ptr<DockerContainer> container(new DockerContainer(std::move(requested), job, relay, number));
  const auto& asked = container->requested_;
  ecr::ContainerOverrides overrides{.environment = asked.options.environment,
                                    .user = asked.options.user,
                                    .working_dir = asked.options.working_dir};
  if (!asked.command.empty()) overrides.command = asked.command;
  if (asked.options.entrypoint) {
    // `--entrypoint ""` takes the image's away.
    overrides.entrypoint.emplace();
    if (!asked.options.entrypoint->empty()) overrides.entrypoint->push_back(*asked.options.entrypoint);
  }
  container->program_ = ecr::container_start(asked.found.config, overrides);
  if (container->program_.argv.empty()) return as_docker_says("no command specified");
  sandbox::Plan plan = surroundings.plan;
  plan.label += "/" + container->id_.substr(0, kShortId);
  plan.hostname = container->id_.substr(0, kShortId);
  plan.root = sandbox::RootKind::image;
  TRY(plan.image,
      ecr::make_image_root(*job.services->images, asked.found.manifest, container->folder_, plan.id_slot));
  const auto owner = sandbox::host_uid(plan, 0).value_or(::geteuid());
  const auto fresh = volumes_not_made_yet(asked.options.volumes, job.folders);
  TRY(plan.mounts, volume_mounts(asked.options.volumes, job.folders, owner));
  for (const auto& volume : fresh) {
    TRY(ecr::fill_volume(
        {volumes_folder(job.folders) / volume.source, volume.target, job.folders.scratch, plan.id_slot},
        plan.image));
  }
  apply_options(asked.options, plan);
  if (!asked.is_in("host")) {
    plan.network = sandbox::NetworkMode::isolated;
    plan.egress = surroundings.leads_out && !asked.is_in("none");
  }
  if (std::any_of(asked.networks.begin(), asked.networks.end(), is_own_network)) {
    // First, so that a volume may lie over it.
    plan.mounts.insert(plan.mounts.begin(),
                       {.source = container->network_.hosts_file().string(), .target = "/etc/hosts"});
    TRY(container->network_.begin(container->as_neighbour()));
    container->network_.leave_free(served_ports(asked));
  }
  TRY(const auto user, ecr::find_user(ecr::layers_of(plan.image), container->program_.user));
  auto& command = container->command_;
  command = {.argv = container->program_.argv,
             .environment = container->program_.environment,
             .directory = container->program_.directory,
             .uid = user.uid,
             .gid = user.gid,
             .groups = user.groups};
  command.environment.emplace("HOME", user.home);
  command.environment["HOSTNAME"] = plan.hostname;
  container->plan_ = std::move(plan);
  return container;
}

Result<void> DockerContainer::start(const std::vector<Neighbour>& neighbours, ContainerLog::Reader output,
                                    base::Fd input) {
  {
    const std::lock_guard lock(mutex_);
    if (state_.phase == ContainerPhase::running) return {};
  }
  if (thread_.joinable()) thread_.join();
  const std::lock_guard root(root_);
  if (auto opened = open(neighbours); !opened) {
    close();
    return opened;
  }
  log_.begin();
  log_.set_reader(std::move(output));
  input_ = std::move(input);
  auto command = command_;
  command.input = input_.get();
  std::unique_lock lock(mutex_);
  process_.reset();
  state_.failure.clear();
  state_.started = now();
  state_.phase = ContainerPhase::running;
  thread_ = std::thread([this, command = std::move(command)] { run(command); });
  changed_.wait(lock, [this] { return process_ || state_.phase == ContainerPhase::exited; });
  if (state_.failure.empty()) return {};
  return as_docker_says("failed to create task for container: " + state_.failure);
}

Result<void> DockerContainer::open(const std::vector<Neighbour>& neighbours) {
  TRY(auto made, sandbox::make_namespace_sandbox(plan_));
  const std::shared_ptr<sandbox::Sandbox> sandbox = std::move(made);
  door_->lead_to(sandbox);
  const auto& surroundings = *job_.services->containers;
  if (requested_.is_in("none")) return {};
  if (requested_.is_in("host")) {
    // Its ports are the machine's or the job's own: nothing is published, as with Docker.
    TRY(connected_, surroundings.connect(*sandbox));
    return {};
  }
  TRY(connected_, surroundings.connect_apart(*sandbox));
  // Where the job's own network is the host's, its 127.0.0.1 is the machine's.
  const bool own = surroundings.plan.network != sandbox::NetworkMode::host;
  TRY(network_.publish(published_ports(requested_), own ? job_.sandbox : nullptr, as_neighbour()));
  for (const auto& neighbour : neighbours) TRY(network_.meet(neighbour, *sandbox));
  return {};
}

Result<void> DockerContainer::meet(const Neighbour& neighbour) {
  const auto own = door_->sandbox();
  return own ? network_.meet(neighbour, *own) : Result<void>();
}

Result<void> DockerContainer::part_from(const Neighbour& neighbour) {
  return network_.part_from(neighbour);
}

Neighbour DockerContainer::as_neighbour() const {
  Neighbour self{.address = address_, .names = {requested_.name}};
  const auto& options = requested_.options;
  self.names.insert(self.names.end(), options.aliases.begin(), options.aliases.end());
  self.names.push_back(id_.substr(0, kShortId));
  {
    const std::lock_guard lock(mutex_);
    self.ports = open_ports_;
  }
  self.connect = [door = door_](std::uint16_t port) { return door->connect(port); };
  return self;
}

void DockerContainer::run(const sandbox::Command& command) {
  auto streams = streams_to([this](Stream stream, std::string_view bytes) { log_.add(stream, bytes); });
  streams.started = [this, &command](int process) {
    watch_health(command);
    {
      const std::lock_guard lock(mutex_);
      process_ = process;
    }
    changed_.notify_all();
  };
  const auto end = run_streamed(*door_->sandbox(), command, streams);
  // Whatever its program has started ends with it.
  close();
  {
    const std::lock_guard lock(mutex_);
    const auto status = end ? end->status : not_started(end.error());
    state_.phase = ContainerPhase::exited;
    state_.finished = now();
    state_.exit_code = status.shell_code();
    if (!process_) state_.failure = status.failure;
    process_.reset();
    open_ports_.clear();
  }
  log_.end();
  changed_.notify_all();
}

void DockerContainer::watch_health(const sandbox::Command& command) {
  const auto& config = requested_.found.config;
  const auto check = health_check_of(requested_.options, config);
  auto argv = check ? ecr::health_command(*check, config.shell) : std::nullopt;
  if (!argv) return;
  auto probed = command;
  probed.argv = std::move(*argv);
  probed.input = -1;
  auto times = ecr::health_times(*check);
  times.eager = true;
  const auto seen = [this](ecr::Health health, int failures) {
    {
      const std::lock_guard lock(mutex_);
      state_.health = health;
      state_.health_failures = failures;
    }
    changed_.notify_all();
  };
  seen(ecr::Health::starting, 0);
  auto watch = HealthWatch::start(door_->sandbox(),
                                  {std::move(probed), times, std::chrono::steady_clock::now()}, seen);
  if (watch) health_ = std::move(*watch);
}

void DockerContainer::close() {
  network_.end();
  health_.reset();
  connected_.reset();
  if (const auto own = door_->sandbox()) (void)own->destroy();
}

Result<sandbox::ExitStatus> DockerContainer::execute(std::vector<std::string> argv,
                                                     const ContainerOptions& options, int input,
                                                     const ContainerLog::Reader& output,
                                                     const std::stop_token& stop) {
  if (state().phase != ContainerPhase::running)
    return as_docker_says(fmt::format("container {} is not running", id_));
  const auto sandbox = door_->sandbox();
  auto command = command_;
  command.argv = std::move(argv);
  command.input = input;
  for (const auto& [variable, value] : options.environment) command.environment[variable] = value;
  if (options.working_dir) command.directory = *options.working_dir;
  if (options.user) {
    TRY(const auto user, ecr::find_user(ecr::layers_of(plan_.image), *options.user));
    command.uid = user.uid;
    command.gid = user.gid;
    command.groups = user.groups;
    command.environment["HOME"] = user.home;
  }
  auto streams = streams_to(output);
  streams.stop = stop;
  bool started = false;
  streams.started = [&started](int) { started = true; };
  auto end = run_streamed(*sandbox, std::move(command), streams);
  if (end) return end->status;
  if (started) return std::move(end).error();
  return not_started(end.error());
}

Result<void> DockerContainer::with_root(const std::function<Result<void>(int root)>& use) {
  const std::lock_guard lock(root_);
  if (state().phase == ContainerPhase::running) {
    TRY(const auto root, door_->sandbox()->root());
    return use(root.get());
  }
  auto plan = plan_;
  plan.label += "/cp";
  plan.network = sandbox::NetworkMode::isolated;
  plan.egress = false;
  TRY(const auto sandbox, sandbox::make_namespace_sandbox(plan));
  TRY(const auto root, sandbox->root());
  return use(root.get());
}

Result<void> DockerContainer::signal(int number) {
  std::optional<int> process;
  {
    const std::lock_guard lock(mutex_);
    process = process_;
  }
  const auto sandbox = door_->sandbox();
  if (!sandbox || !process) return as_docker_says(fmt::format("container {} is not running", id_));
  return sandbox->signal(*process, number, sandbox::SignalTarget::process);
}

bool DockerContainer::wait_for_end(const std::stop_token& stop,
                                   std::optional<std::chrono::milliseconds> most) {
  std::unique_lock lock(mutex_);
  const auto has_ended = [this] { return state_.phase != ContainerPhase::running; };
  if (most) return changed_.wait_for(lock, stop, *most, has_ended);
  return changed_.wait(lock, stop, has_ended);
}

ContainerState DockerContainer::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

}  // namespace steps
