#include "runner/service_containers.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/clock.h"
#include "base/strings.h"
#include "ecr/container_start.h"
#include "ecr/image_root.h"
#include "ecr/image_user.h"
#include "steps/container_health.h"

namespace runner {

namespace {

using base::Result;
using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kMostOutput = 1U << 20;  // of a service; the last of it is kept
constexpr int kMostPieces = 32;                // more than a pipe holds
constexpr std::chrono::seconds kFirstWait{2};
constexpr std::chrono::seconds kLongestWait{32};

ecr::ContainerOverrides overrides_of(const ContainerSpec& spec) {
  ecr::ContainerOverrides overrides;
  overrides.environment = spec.options.environment;
  for (const auto& [name, value] : spec.environment) overrides.environment[name] = value;
  if (spec.entrypoint) overrides.entrypoint = std::vector<std::string>{*spec.entrypoint};
  overrides.command = spec.arguments;
  overrides.user = spec.options.user;
  overrides.working_dir = spec.options.working_dir;
  return overrides;
}

}  // namespace

struct ServiceContainers::Service {
  PlannedService planned;
  std::unique_ptr<sandbox::Sandbox> sandbox;
  sandbox::StartedProcess process;
  base::Fd output;
  std::string log;
  bool log_was_cut = false;
  bool ended = false;
  sandbox::ExitStatus status;
  std::optional<ecr::HealthProbe> probe;

  [[nodiscard]] const std::string& id() const { return planned.spec.id; }
};

ServiceContainers::ServiceContainers() : wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

ServiceContainers::~ServiceContainers() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  const std::uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof one);
  if (watcher_.joinable()) watcher_.join();
}

Result<sandbox::Sandbox*> ServiceContainers::make(PlannedService planned) {
  auto service = std::make_unique<Service>();
  service->planned = std::move(planned);
  TRY(service->sandbox, sandbox::make_namespace_sandbox(service->planned.plan));
  services_.push_back(std::move(service));
  return services_.back()->sandbox.get();
}

Result<void> ServiceContainers::start() {
  for (const auto& service : services_)
    TRY(start_one(*service).while_doing(fmt::format("starting the service {}", service->id())));
  watcher_ = std::thread([this] { watch(); });
  return {};
}

Result<void> ServiceContainers::start_one(Service& service) {
  const auto& spec = service.planned.spec.container;
  const auto& config = service.planned.image.config;
  const auto start = ecr::container_start(config, overrides_of(spec));
  if (start.argv.empty()) {
    return base::make_error(base::ErrorKind::invalid_input,
                            fmt::format("neither the image {} nor the workflow says what to start; give an "
                                        "entrypoint or a command",
                                        spec.image));
  }
  TRY(const auto user, ecr::find_user(ecr::layers_of(service.planned.plan.image), start.user));
  sandbox::Command command{.argv = start.argv,
                           .environment = start.environment,
                           .directory = start.directory,
                           .uid = user.uid,
                           .gid = user.gid,
                           .groups = user.groups};
  command.environment.emplace("HOME", user.home);
  command.environment["HOSTNAME"] = service.planned.plan.hostname;
  sandbox::Command check_command = command;
  TRY(auto pipe, base::make_pipe());
  ::fcntl(pipe.read.get(), F_SETFL, O_NONBLOCK);
  command.output = command.error = pipe.write.get();
  TRY(service.process, service.sandbox->start(command));
  service.output = std::move(pipe.read);
  const auto check = steps::health_check_of(spec.options, config);
  const auto argv = check ? ecr::health_command(*check, config.shell) : std::nullopt;
  if (!argv) return {};
  check_command.argv = *argv;
  auto times = ecr::health_times(*check);
  times.eager = true;
  service.probe.emplace(std::move(check_command), times, SteadyClock::now());
  return {};
}

void ServiceContainers::watch() {
  while (true) {
    std::vector<pollfd> polled = {{wake_.get(), POLLIN, 0}};
    auto next = SteadyClock::now() + std::chrono::minutes(1);
    {
      const std::lock_guard lock(mutex_);
      if (ending_) return;
      for (const auto& service : services_) {
        polled.push_back({service->output.get(), POLLIN, 0});
        polled.push_back({service->ended ? -1 : service->process.ended.get(), POLLIN, 0});
        polled.push_back({service->probe ? service->probe->ended_fd() : -1, POLLIN, 0});
        if (service->probe && !service->ended) next = std::min(next, service->probe->next());
      }
    }
    const auto wait = std::chrono::ceil<milliseconds>(next - SteadyClock::now()).count();
    (void)::poll(polled.data(), polled.size(), static_cast<int>(std::max<std::int64_t>(0, wait)));
    const std::lock_guard lock(mutex_);
    if (ending_) return;
    for (const auto& service : services_) look_after(*service);
  }
}

void ServiceContainers::look_after(Service& service) {
  if (!service.sandbox) return;
  read_output(service, 1);
  if (!service.ended) {
    pollfd ended{service.process.ended.get(), POLLIN, 0};
    if (::poll(&ended, 1, 0) > 0) {
      service.ended = true;
      if (auto status = service.sandbox->wait(service.process)) service.status = *status;
      read_output(service, kMostPieces);
      if (service.probe) service.probe->forget();
      changed_.notify_all();
    }
  }
  if (!service.ended && service.probe && service.probe->tick(*service.sandbox, SteadyClock::now()))
    changed_.notify_all();
}

void ServiceContainers::read_output(Service& service, int most_pieces) {
  std::array<char, 64 * 1024> piece;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled by read
  for (int pieces = 0; pieces < most_pieces && service.output; ++pieces) {
    const ssize_t count = ::read(service.output.get(), piece.data(), piece.size());
    if (count == 0) service.output.reset();
    if (count <= 0) return;
    service.log.append(piece.data(), static_cast<std::size_t>(count));
    if (service.log.size() > 2 * kMostOutput) {
      service.log.erase(0, service.log.size() - kMostOutput);
      service.log_was_cut = true;
    }
  }
}

Result<void> ServiceContainers::wait_until_ready(steps::LogSink& log, const std::stop_token& stop) {
  log.line(steps::LineKind::group, "Waiting for all services to be ready");
  std::vector<Service*> failed;
  for (const auto& service : services_) {
    if (!wait_for(*service, log, stop)) failed.push_back(service.get());
    if (stop.stop_requested())
      return base::make_error(base::ErrorKind::cancelled, "The operation was canceled.");
  }
  log.line(steps::LineKind::endgroup, "");
  for (Service* service : failed) {
    log.line(steps::LineKind::group, fmt::format("Service container {} failed.", service->id()));
    print_output(*service, log);
    log.line(steps::LineKind::endgroup, "");
    log.annotation(
        {.level = steps::LineKind::error,
         .message = fmt::format("Failed to initialize container {}", service->planned.spec.container.image)});
  }
  if (failed.empty()) return {};
  return base::make_error(base::ErrorKind::remote, "One or more containers failed to start.");
}

Result<void> ServiceContainers::wait_for(Service& service, steps::LogSink& log, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  auto pause = kFirstWait;
  const auto is_settled = [&service] {
    return service.ended || !service.probe || service.probe->health() != ecr::Health::starting;
  };
  // A check is the first thing to hear of; without one, a program that ends at once.
  changed_.wait_for(lock, stop, milliseconds(service.probe ? 500 : 0), is_settled);
  while (!is_settled() && !stop.stop_requested()) {
    log.line(steps::LineKind::output,
             fmt::format("{} service is starting, waiting {} seconds before checking again.", service.id(),
                         pause.count()));
    changed_.wait_for(lock, stop, pause, is_settled);
    pause = std::min(2 * pause, kLongestWait);
  }
  const bool ended = service.ended;
  const int code = service.status.shell_code();
  const bool has_check = service.probe.has_value();
  const bool healthy = has_check && service.probe->health() == ecr::Health::healthy;
  lock.unlock();
  if (ended) {
    log.line(steps::LineKind::warning,
             fmt::format("Docker container {} is not in running state: its program ended with exit code {}.",
                         service.id(), code));
  }
  if (!has_check) return {};
  if (healthy && !ended) {
    log.line(steps::LineKind::output, fmt::format("{} service is healthy.", service.id()));
    return {};
  }
  return base::make_error(base::ErrorKind::remote, "unhealthy");
}

void ServiceContainers::print_output(Service& service, steps::LogSink& log) {
  std::string text;
  bool cut = false;
  {
    const std::lock_guard lock(mutex_);
    read_output(service, kMostPieces);
    text = service.log;
    cut = service.log_was_cut;
  }
  if (cut) log.line(steps::LineKind::output, fmt::format("… (only the last {} KiB)", text.size() >> 10));
  for (const auto line : base::lines_of(text)) log.line(steps::LineKind::output, line);
}

void ServiceContainers::stop(steps::LogSink& log) {
  for (const auto& service : services_) {
    log.line(steps::LineKind::output, fmt::format("Print service container logs: {}", service->id()));
    print_output(*service, log);
    log.line(steps::LineKind::output, fmt::format("Stop and remove container: {}", service->id()));
    const std::lock_guard lock(mutex_);
    service->ended = true;
    service->probe.reset();
    service->output.reset();
    if (!service->sandbox) continue;
    if (auto gone = service->sandbox->destroy(); !gone)
      log.annotation({.level = steps::LineKind::error, .message = gone.error().to_string()});
    // The sandbox itself stays: the network's thread may still ask it for connections, in vain.
  }
}

}  // namespace runner
