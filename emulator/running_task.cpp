#include "emulator/running_task.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

#include "base/log.h"
#include "base/strings.h"
#include "ecr/image_root.h"
#include "ecr/image_user.h"

namespace emulator {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::uint32_t kImageSlot = 0;  // under whose ids the store keeps layers

base::Error fail(base::ErrorKind kind, std::string message) {
  return base::make_error(kind, std::move(message));
}

SteadyClock::duration seconds_of(double seconds) {
  return std::chrono::duration_cast<SteadyClock::duration>(std::chrono::duration<double>(seconds));
}

std::string execution_role(const TaskOrder& order) {
  return base::json_string(order.overrides, "executionRoleArn",
                           base::json_string(order.task_definition, "executionRoleArn"));
}

}  // namespace

RunningTask::RunningTask(const TaskSurroundings& surroundings, base::Path folder, TaskOrder order,
                         std::mutex& unpacking, std::function<void(TaskReport)> report)
    : surroundings_(surroundings),
      folder_(std::move(folder)),
      order_(std::move(order)),
      unpacking_(unpacking),
      report_(std::move(report)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

RunningTask::~RunningTask() {
  stop(std::chrono::milliseconds(500));
  if (thread_.joinable()) thread_.join();
}

void RunningTask::start() {
  thread_ = std::thread([this] { run(); });
}

void RunningTask::stop(std::chrono::milliseconds at_most) {
  if (at_most.count() < longest_stop_ms_) longest_stop_ms_ = at_most.count();
  stop_asked_ = true;
  const std::uint64_t one = 1;
  (void)!write(wake_.get(), &one, sizeof one);
}

std::optional<TaskUsage> RunningTask::usage() {
  std::map<std::string, std::shared_ptr<sandbox::Sandbox>> sandboxes;
  {
    const std::lock_guard lock(sandbox_mutex_);
    sandboxes = container_sandboxes_;
  }
  if (sandboxes.empty()) return std::nullopt;
  TaskUsage usage{.task_id = order_.task_id,
                  .cluster_arn = order_.cluster_arn,
                  .service_name = order_.service_name,
                  .cpu_units = plan_.cpu_units,
                  .memory_bytes = plan_.limits.memory_bytes};
  for (const ContainerPlan& container : plan_.containers) {
    const auto found = sandboxes.find(container.name);
    if (found == sandboxes.end()) continue;
    const auto used = sandbox::usage_of(*found->second);
    if (!used) continue;
    const auto own_limit = container.memory.limit_bytes;
    usage.containers[container.name] = {*used, own_limit > 0 ? own_limit : plan_.limits.memory_bytes};
    usage.total.cpu_seconds += used->cpu_seconds;
    usage.total.memory_bytes += used->memory_bytes;
    usage.total.processes += used->processes;
  }
  return usage;
}

base::Result<base::Fd> RunningTask::connect(std::uint16_t port) {
  std::shared_ptr<sandbox::Sandbox> sandbox;
  {
    std::lock_guard lock(sandbox_mutex_);
    sandbox = sandbox_;
  }
  if (!sandbox || SteadyClock::now() < hears_from_)
    return fail(base::ErrorKind::unavailable, "the task is not running");
  if (!sick_) return sandbox->connect(port);
  TRY(auto socket, sandbox->connect(port));
  return sick_->stand_before(std::move(socket));
}

void RunningTask::tell(TaskEvent event, std::vector<ContainerReport> containers, const Outcome& outcome) {
  report_({order_.task_id, event, std::move(containers), outcome.stop_code, outcome.reason});
}

void RunningTask::run() {
  auto prepared = prepare();
  if (!prepared) {
    begin_stop({"TaskFailedToStart", prepared.error().message});
  } else {
    tell_when_running();
  }
  const Outcome outcome = watch();
  clean_up();
  tell(TaskEvent::stopped, {}, outcome);
  ended_ = true;
}

base::Result<void> RunningTask::prepare() {
  TRY(plan_, plan_task(order_, surroundings_.region, surroundings_.enforce_cpu));
  if (surroundings_.faults_of) faults_ = surroundings_.faults_of(order_);
  if (faults_.no_capacity)
    return fail(base::ErrorKind::unavailable,
                "Capacity is unavailable at this time. Please try again later or in a different "
                "availability zone");
  TRY(pull());
  TRY(resolve_secrets());
  TRY(open_logs());
  if (stop_asked()) return fail(base::ErrorKind::cancelled, "Task stopped before it was started");
  volumes_.emplace(folder_, surroundings_.file_systems);
  TRY(make_network());
  return start_containers();
}

base::Result<void> RunningTask::pull() {
  tell(TaskEvent::pull_started);
  if (faults_.pull_fails)
    return fail(
        base::ErrorKind::unavailable,
        "CannotPullContainerError: pull image manifest has been retried 7 time(s): failed to resolve ref " +
            plan_.containers.front().image + ": the registry does not answer");
  std::vector<ContainerReport> digests;
  for (ContainerPlan& container : plan_.containers) {
    if (surroundings_.agent_variables)
      container.command.environment.merge(surroundings_.agent_variables(order_, container.name));
    TRY(check_pull(container.image));
    const auto pinned = order_.pinned_digests.find(container.name);
    TRY(const TaskImage image,
        find_task_image(*surroundings_.store, surroundings_.find_manifest, container.image,
                        pinned == order_.pinned_digests.end() ? "" : pinned->second));
    apply_image(container, image.config,
                named(base::json_member(order_.task_definition, "containerDefinitions"), container.name),
                order_.overrides);
    digests.push_back({container.name, image.digest, "", std::nullopt, ""});
    const std::lock_guard lock(unpacking_);
    auto root = ecr::make_image_root(*surroundings_.store, image.manifest,
                                     folder_ / ("root-" + std::to_string(roots_.size())), kImageSlot);
    if (!root) return fail(base::ErrorKind::internal, "CannotPullContainerError: " + root.error().message);
    roots_[container.name] = std::move(*root);
  }
  tell(TaskEvent::pull_stopped, std::move(digests));
  return {};
}

/// An image that is named wrongly is the pull's to refuse.
base::Result<void> RunningTask::check_pull(const std::string& image) const {
  const auto reference = ecr::parse_image_reference(image);
  if (!reference || !surroundings_.check_pull) return {};
  const auto allowed =
      surroundings_.check_pull({reference->repository, execution_role(order_), order_.task_id});
  if (allowed) return {};
  return fail(
      base::ErrorKind::denied,
      fmt::format("CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to "
                  "resolve ref {}: unexpected status: 403 Forbidden: {}",
                  image, allowed.error().message));
}

base::Result<void> RunningTask::resolve_secrets() {
  for (ContainerPlan& container : plan_.containers) {
    for (const ContainerSecret& secret : container.secrets) {
      auto value = surroundings_.find_secret({secret.value_from, execution_role(order_), order_.task_id});
      if (!value) {
        return fail(
            base::ErrorKind::not_found,
            fmt::format(
                "ResourceInitializationError: unable to pull secrets or registry auth: execution resource "
                "retrieval failed: unable to retrieve secret from asm: {}: {}",
                secret.value_from, value.error().message));
      }
      container.command.environment[secret.name] = *value;
    }
  }
  return {};
}

base::Result<void> RunningTask::open_logs() {
  for (const ContainerPlan& container : plan_.containers) {
    if (!container.log) continue;
    auto opened =
        surroundings_.open_log(container.log->group, container.log->stream, container.log->create_group);
    if (!opened) {
      return fail(
          base::ErrorKind::not_found,
          fmt::format(
              "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 "
              "times: failed to create Cloudwatch log stream: {} : exit status 1",
              opened.error().message));
    }
  }
  return {};
}

base::Result<void> RunningTask::make_network() {
  sandbox::Plan plan;
  plan.label = "tasks/" + order_.task_id;
  plan.network = sandbox::NetworkMode::isolated;
  plan.id_slot = kImageSlot;
  plan.limits = plan_.limits;
  auto made = sandbox::make_namespace_sandbox(plan);
  if (!made) {
    return fail(base::ErrorKind::internal, "CannotCreateContainerError: " + made.error().to_string());
  }
  if (faults_.health) sick_ = std::make_unique<SickConnections>(*faults_.health);
  hears_from_ = SteadyClock::now() + seconds_of(faults_.deaf_for);
  if (faults_.crash_after) crash_at_ = SteadyClock::now() + seconds_of(*faults_.crash_after);
  if (surroundings_.network != nullptr) {
    TRY(network_, surroundings_.network->join(**made, plan_.ports));
  }
  std::lock_guard lock(sandbox_mutex_);
  sandbox_ = std::move(*made);
  return {};
}

base::Result<std::shared_ptr<sandbox::Sandbox>> RunningTask::make_sandbox(const ContainerPlan& container) {
  sandbox::Plan plan;
  plan.label = fmt::format("tasks/{}/{}", order_.task_id, container.name);
  plan.root = sandbox::RootKind::image;
  plan.image = roots_.at(container.name);
  plan.id_slot = kImageSlot;
  plan.network = sandbox::NetworkMode::isolated;
  plan.limits.open_files = container.open_files;
  plan.hostname = "ip-" + base::replace_all(order_.address, ".", "-");
  plan.hosts = {"127.0.0.1 " + plan.hostname};
  if (surroundings_.network != nullptr) {
    for (auto& line : surroundings_.network->hosts_lines()) plan.hosts.push_back(std::move(line));
  }
  auto mounts = volumes_->mounts(plan_.volumes, container.volumes, plan.image);
  if (!mounts)
    return fail(base::ErrorKind::internal, "ResourceInitializationError: " + mounts.error().message);
  plan.mounts = std::move(*mounts);
  auto made = sandbox::make_neighbour(*sandbox_, plan, container.memory);
  if (!made) {
    return fail(base::ErrorKind::internal, "CannotCreateContainerError: " + made.error().to_string());
  }
  std::shared_ptr<sandbox::Sandbox> sandbox = std::move(*made);
  const std::lock_guard lock(sandbox_mutex_);
  container_sandboxes_[container.name] = sandbox;
  return sandbox;
}

base::Result<void> RunningTask::start_containers() {
  for (const ContainerPlan& container : plan_.containers) waiting_.push_back(&container);
  return start_waiting();
}

base::Result<void> RunningTask::start_waiting() {
  for (bool started = true; started;) {
    started = false;
    for (auto it = waiting_.begin(); it != waiting_.end() && !started; ++it) {
      TRY(started, may_start(**it));
      if (!started) continue;
      TRY(start_container(**it));
      waiting_.erase(it);
      break;
    }
  }
  return {};
}

base::Result<bool> RunningTask::may_start(const ContainerPlan& container) const {
  for (const auto& [name, condition] : container.depends_on) {
    const auto found =
        std::find_if(containers_.begin(), containers_.end(),
                     [&, &wanted = name](const auto& running) { return running->plan->name == wanted; });
    if (found == containers_.end()) return false;
    const Running& other = **found;
    const auto health = other.probe ? other.probe->health() : ecr::Health::starting;
    const bool met = condition == "START" || (condition == "COMPLETE" && other.ended) ||
                     (condition == "SUCCESS" && other.ended && other.exit_code == 0) ||
                     (condition == "HEALTHY" && !other.ended && health == ecr::Health::healthy);
    if (met) continue;
    const bool too_late =
        condition != "START" && SteadyClock::now() - other.started > other.plan->start_timeout;
    const bool never =
        too_late || (condition == "SUCCESS" && other.ended) ||
        (condition == "HEALTHY" && (other.ended || health == ecr::Health::unhealthy || !other.probe));
    if (!never) return false;
    return fail(
        base::ErrorKind::invalid_input,
        fmt::format("CannotStartContainerError: container {} depends on {} with condition {}, which will "
                    "not be met",
                    container.name, name, condition));
  }
  return true;
}

/// Once every essential container was started.
void RunningTask::tell_when_running() {
  const bool essential_waits = std::any_of(
      waiting_.begin(), waiting_.end(), [](const ContainerPlan* container) { return container->essential; });
  if (essential_waits || std::exchange(told_running_, true)) return;
  tell(TaskEvent::running);
}

base::Result<void> RunningTask::start_container(const ContainerPlan& container) {
  auto running = std::make_unique<Running>();
  running->plan = &container;
  sandbox::Command command = container.command;
  auto user = ecr::find_user(ecr::layers_of(roots_.at(container.name)), container.user);
  if (!user)
    return fail(base::ErrorKind::invalid_input, "CannotStartContainerError: " + user.error().message);
  command.uid = user->uid;
  command.gid = user->gid;
  command.groups = user->groups;
  command.environment.emplace("HOME", user->home);
  command.environment["HOSTNAME"] = "ip-" + base::replace_all(order_.address, ".", "-");
  if (command.argv.empty()) {
    return fail(base::ErrorKind::invalid_input,
                fmt::format("CannotStartContainerError: container {}: no command specified, neither by its "
                            "image nor by the "
                            "task definition",
                            container.name));
  }
  TRY(base::Pipe pipe, base::make_pipe());
  (void)fcntl(pipe.read.get(), F_SETFL, O_NONBLOCK);
  command.output = command.error = pipe.write.get();
  TRY(running->sandbox, make_sandbox(container));
  running->started = SteadyClock::now();
  auto started = running->sandbox->start(command);
  if (!started) {
    return fail(
        base::ErrorKind::invalid_input,
        fmt::format(
            "CannotStartContainerError: failed to create new container runtime task: container {}: {}",
            container.name, started.error().message));
  }
  running->process = std::move(*started);
  running->output = std::move(pipe.read);
  if (container.check) {
    command.argv = container.check->argv;
    command.output = command.error = -1;
    running->probe.emplace(command, container.check->times, SteadyClock::now());
  }
  containers_.push_back(std::move(running));
  return {};
}

}  // namespace emulator
