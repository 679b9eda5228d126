#include "steps/docker_containers.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/crypto.h"
#include "base/listening_socket.h"
#include "base/strings.h"
#include "ecr/image_root.h"
#include "ecr/image_user.h"
#include "steps/container_mounts.h"
#include "steps/streamed_process.h"

namespace steps {

namespace {

using base::Result;
using Stream = ContainerLog::Stream;

constexpr std::size_t kIdBytes = 32;
constexpr std::size_t kShortId = 12;
constexpr std::size_t kMostContainers = 200;  // as many as have addresses
constexpr std::chrono::milliseconds kForLastOutput{100};
constexpr const char* kLoopback = "127.0.0.1";

base::WallTime now() {
  return base::system_clock().now();
}

base::Error as_docker_says(const std::string& what) {
  return base::make_error(base::ErrorKind::invalid_input, "Error response from daemon: " + what);
}

bool is_own_network(const std::string& name) {
  return name != "host" && name != "none" && name != "bridge";
}

// The address at which others in its network have the container, the same in all of them.
std::string address_of_container(std::size_t index) {
  return fmt::format("127.64.0.{}", 10 + index);
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

}  // namespace

DockerContainer::DockerContainer(ContainerRequested requested, RunningJob& job)
    : job_(job), id_(base::to_hex(base::random_bytes(kIdBytes))), requested_(std::move(requested)) {
  state_.created = now();
  if (requested_.name.empty()) requested_.name = "container_" + id_.substr(0, kShortId);
}

DockerContainer::~DockerContainer() {
  std::shared_ptr<sandbox::Sandbox> sandbox;
  {
    const std::lock_guard lock(mutex_);
    sandbox = sandbox_;
  }
  if (sandbox) (void)sandbox->destroy();
  if (thread_.joinable()) thread_.join();
  sandbox.reset();
  sandbox_.reset();
  if (!folder_.empty()) (void)base::remove_tree(folder_);
}

Result<std::shared_ptr<DockerContainer>> DockerContainer::make(ContainerRequested requested,
                                                               RunningJob& job) {
  const auto& surroundings = *job.services->containers;
  std::shared_ptr<DockerContainer> container(new DockerContainer(std::move(requested), job));
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
  container->folder_ = surroundings.folder / container->id_.substr(0, kShortId);
  TRY(plan.image,
      ecr::make_image_root(*job.services->images, asked.found.manifest, container->folder_, plan.id_slot));
  const auto owner = sandbox::host_uid(plan, 0).value_or(::geteuid());
  TRY(plan.mounts,
      volume_mounts(asked.options.volumes, job.folders, job.folders.workspace.host.parent_path(), owner));
  apply_options(asked.options, plan);
  if (asked.network != "host") {
    plan.network = sandbox::NetworkMode::isolated;
    plan.egress = surroundings.leads_out && asked.network != "none";
  }
  TRY(const auto user, ecr::find_user(ecr::layers_of(plan.image), container->program_.user));
  auto& command = container->command_;
  command = {.argv = container->program_.argv,
             .environment = container->program_.environment,
             .directory = container->program_.directory,
             .uid = user.uid,
             .gid = user.gid};
  command.environment.emplace("HOME", user.home);
  command.environment["HOSTNAME"] = plan.hostname;
  container->plan_ = std::move(plan);
  return container;
}

Result<void> DockerContainer::start(const Peers& peers, sandbox::StreamRelay& relay,
                                    ContainerLog::Reader output, base::Fd input) {
  {
    const std::lock_guard lock(mutex_);
    if (state_.phase == ContainerPhase::running) return {};
  }
  if (thread_.joinable()) thread_.join();
  if (auto opened = open(peers, relay); !opened) {
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

Result<void> DockerContainer::open(const Peers& peers, sandbox::StreamRelay& relay) {
  relay_ = &relay;
  auto plan = plan_;
  Peers found;
  for (const auto& peer : peers) {
    if (peer.get() == this || !shares_network_with(*peer)) continue;
    std::string line = address_of_container(found.size()) + " " + peer->name();
    for (const auto& alias : peer->requested_.options.aliases) line += " " + alias;
    plan.hosts.push_back(line + " " + peer->id_.substr(0, kShortId));
    found.push_back(peer);
  }
  TRY(auto made, sandbox::make_namespace_sandbox(plan));
  {
    const std::lock_guard lock(mutex_);
    sandbox_ = std::move(made);
  }
  const auto& surroundings = *job_.services->containers;
  if (requested_.network == "host") {
    TRY(connected_, surroundings.connect(*sandbox_));
  } else if (requested_.network != "none") {
    TRY(connected_, surroundings.connect_apart(*sandbox_));
  }
  TRY(publish(relay));
  return reach(found, relay);
}

bool DockerContainer::shares_network_with(const DockerContainer& other) const {
  return is_own_network(requested_.network) && requested_.network == other.requested_.network &&
         other.state().phase == ContainerPhase::running;
}

std::set<std::uint16_t> DockerContainer::known_ports() const {
  std::set<std::uint16_t> known(requested_.options.exposed.begin(), requested_.options.exposed.end());
  for (const auto& port : requested_.options.ports) known.insert(port.container);
  for (const auto& text : requested_.found.config.exposed_ports) {
    const auto parsed = parse_ports(text);
    if (!parsed) continue;
    for (const auto& port : *parsed) {
      if (!port.udp) known.insert(port.container);
    }
  }
  return known;
}

Result<base::Fd> DockerContainer::connect(std::uint16_t port) const {
  std::shared_ptr<sandbox::Sandbox> sandbox;
  {
    const std::lock_guard lock(mutex_);
    sandbox = sandbox_;
  }
  if (!sandbox) return base::make_error(base::ErrorKind::unavailable, "the container does not run");
  return sandbox->connect(port);
}

// Where the job's own network is the host's, its 127.0.0.1 is the machine's.
Result<void> DockerContainer::publish(sandbox::StreamRelay& relay) {
  std::map<std::uint16_t, std::uint16_t> found;
  for (const auto& port : requested_.options.ports) {
    if (requested_.network == "host" || requested_.network == "none") break;  // as Docker discards them
    if (port.udp)
      return as_docker_says(fmt::format("ports of UDP ({}) are not supported here", port.container));
    const bool own = job_.services->containers->plan.network != sandbox::NetworkMode::host;
    auto listener = own ? job_.sandbox->listen(kLoopback, port.host) : base::listen_on(kLoopback, port.host);
    if (!listener)
      return as_docker_says(fmt::format("driver failed programming external connectivity on endpoint {}: {}",
                                        name(), listener.error().to_string()));
    found[port.container] = base::port_of(listener->get());
    TRY(const int number,
        relay.add(std::move(*listener), [this, inside = port.container] { return connect(inside); }));
    relayed_.push_back(number);
  }
  const std::lock_guard lock(mutex_);
  ports_ = std::move(found);
  return {};
}

Result<void> DockerContainer::reach(const Peers& peers, sandbox::StreamRelay& relay) {
  for (std::size_t i = 0; i < peers.size(); ++i) {
    for (const auto port : peers[i]->known_ports()) {
      TRY(auto listener, sandbox_->listen(address_of_container(i), port));
      const std::weak_ptr<DockerContainer> peer = peers[i];
      TRY(const int number, relay.add(std::move(listener), [peer, port]() -> Result<base::Fd> {
        const auto there = peer.lock();
        if (there) return there->connect(port);
        return base::make_error(base::ErrorKind::unavailable, "the container is gone");
      }));
      relayed_.push_back(number);
    }
  }
  return {};
}

void DockerContainer::run(const sandbox::Command& command) {
  auto streams = streams_to([this](Stream stream, std::string_view bytes) { log_.add(stream, bytes); });
  streams.started = [this](int process) {
    {
      const std::lock_guard lock(mutex_);
      process_ = process;
    }
    changed_.notify_all();
  };
  const auto end = run_streamed(*sandbox_, command, streams);
  // Whatever its program has started ends with it.
  close();
  {
    const std::lock_guard lock(mutex_);
    constexpr int kNotStarted = 127;
    state_.phase = ContainerPhase::exited;
    state_.finished = now();
    state_.exit_code = end ? end->status.shell_code() : kNotStarted;
    if (!end && !process_) state_.failure = end.error().to_string();
    process_.reset();
  }
  log_.end();
  changed_.notify_all();
}

void DockerContainer::close() {
  for (const int number : std::exchange(relayed_, {})) relay_->remove(number);
  connected_.reset();
  std::shared_ptr<sandbox::Sandbox> sandbox;
  {
    const std::lock_guard lock(mutex_);
    sandbox = sandbox_;
    ports_.clear();
  }
  if (sandbox) (void)sandbox->destroy();
}

Result<sandbox::ExitStatus> DockerContainer::execute(std::vector<std::string> argv,
                                                     const ContainerOptions& options, int input,
                                                     const ContainerLog::Reader& output,
                                                     const std::stop_token& stop) {
  std::shared_ptr<sandbox::Sandbox> sandbox;
  {
    const std::lock_guard lock(mutex_);
    if (state_.phase != ContainerPhase::running)
      return as_docker_says(fmt::format("container {} is not running", id_));
    sandbox = sandbox_;
  }
  auto command = command_;
  command.argv = std::move(argv);
  command.input = input;
  for (const auto& [variable, value] : options.environment) command.environment[variable] = value;
  if (options.working_dir) command.directory = *options.working_dir;
  if (options.user) {
    TRY(const auto user, ecr::find_user(ecr::layers_of(plan_.image), *options.user));
    command.uid = user.uid;
    command.gid = user.gid;
    command.environment["HOME"] = user.home;
  }
  auto streams = streams_to(output);
  streams.stop = stop;
  TRY(auto end, run_streamed(*sandbox, std::move(command), streams));
  return end.status;
}

Result<void> DockerContainer::signal(int number) {
  std::shared_ptr<sandbox::Sandbox> sandbox;
  std::optional<int> process;
  {
    const std::lock_guard lock(mutex_);
    sandbox = sandbox_;
    process = process_;
  }
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

std::map<std::uint16_t, std::uint16_t> DockerContainer::ports() const {
  const std::lock_guard lock(mutex_);
  return ports_;
}

Result<std::shared_ptr<DockerContainer>> DockerContainers::create(ContainerRequested requested) {
  const std::lock_guard lock(mutex_);
  forget_ended();
  if (!networks_.contains(requested.network))
    return as_docker_says(fmt::format("network {} not found", requested.network));
  if (containers_.size() >= kMostContainers)
    return as_docker_says(fmt::format("a job has at most {} containers", kMostContainers));
  for (const auto& other : containers_) {
    if (!requested.name.empty() && other->name() == requested.name) {
      return as_docker_says(
          fmt::format("Conflict. The container name \"/{}\" is already in use by container \"{}\". You have "
                      "to remove (or rename) that container to be able to reuse that name.",
                      requested.name, other->id()));
    }
  }
  if (!relay_) {
    TRY(relay_, sandbox::StreamRelay::start());
  }
  TRY(auto container, DockerContainer::make(std::move(requested), job_));
  containers_.push_back(container);
  return container;
}

Result<void> DockerContainers::start(DockerContainer& container, ContainerLog::Reader output,
                                     base::Fd input) {
  std::vector<std::shared_ptr<DockerContainer>> peers;
  {
    const std::lock_guard lock(mutex_);
    peers = containers_;
  }
  return container.start(peers, *relay_, std::move(output), std::move(input));
}

Result<std::shared_ptr<DockerContainer>> DockerContainers::find(const std::string& text) {
  const std::lock_guard lock(mutex_);
  forget_ended();
  std::shared_ptr<DockerContainer> found;
  for (const auto& container : containers_) {
    if (container->name() == text || "/" + container->name() == text) return container;
    if (!text.empty() && container->id().starts_with(text)) found = container;
  }
  if (found) return found;
  return as_docker_says("No such container: " + text);
}

std::vector<std::shared_ptr<DockerContainer>> DockerContainers::list() {
  const std::lock_guard lock(mutex_);
  forget_ended();
  return containers_;
}

void DockerContainers::remove(const DockerContainer& container) {
  std::shared_ptr<DockerContainer> removed;  // ends without the lock
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(containers_.begin(), containers_.end(),
                                  [&](const auto& other) { return other.get() == &container; });
  if (found == containers_.end()) return;
  removed = std::move(*found);
  containers_.erase(found);
}

// The caller holds the lock.
void DockerContainers::forget_ended() {
  std::erase_if(containers_, [](const auto& container) {
    return container->requested().remove_when_ended && container->state().phase == ContainerPhase::exited;
  });
}

Result<void> DockerContainers::add_network(const std::string& name) {
  const std::lock_guard lock(mutex_);
  if (networks_.insert(name).second) return {};
  return as_docker_says(fmt::format("network with name {} already exists", name));
}

Result<void> DockerContainers::remove_network(const std::string& name) {
  const std::lock_guard lock(mutex_);
  if (!is_own_network(name)) return as_docker_says(fmt::format("{} is a pre-defined network", name));
  if (networks_.erase(name) > 0) return {};
  return as_docker_says(fmt::format("network {} not found", name));
}

std::set<std::string> DockerContainers::networks() {
  const std::lock_guard lock(mutex_);
  return networks_;
}

}  // namespace steps
