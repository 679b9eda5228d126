#include "emulator/running_task.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "base/clock.h"
#include "base/log.h"
#include "base/strings.h"
#include "ecr/image_user.h"

namespace emulator {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::size_t kLongestLine = 256 * 1024;  // of a CloudWatch log event

base::Error fail(base::ErrorKind kind, std::string message) {
  return base::make_error(kind, std::move(message));
}

}  // namespace

/// A container whose process was started.
struct RunningTask::Running {
  const ContainerPlan* plan = nullptr;
  sandbox::StartedProcess process;
  base::Fd output;
  std::string line;
  bool ended = false;
  // The health check that is under way, or when the next one is due.
  std::optional<sandbox::StartedProcess> check;
  SteadyClock::time_point check_deadline{};
  SteadyClock::time_point next_check{};
  SteadyClock::time_point started{};
  int check_failures = 0;
  std::string health = "UNKNOWN";
};

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

base::Result<base::Fd> RunningTask::connect(std::uint16_t port) {
  std::shared_ptr<sandbox::Sandbox> sandbox;
  {
    std::lock_guard lock(sandbox_mutex_);
    sandbox = sandbox_;
  }
  if (!sandbox) return fail(base::ErrorKind::unavailable, "the task is not running");
  return sandbox->connect(port);
}

void RunningTask::tell(TaskEvent event, std::vector<ContainerReport> containers, const Outcome& outcome) {
  report_({order_.task_id, event, std::move(containers), outcome.stop_code, outcome.reason});
}

void RunningTask::run() {
  auto prepared = prepare();
  if (!prepared) {
    begin_stop({"TaskFailedToStart", prepared.error().message});
  } else {
    tell(TaskEvent::running);
  }
  const Outcome outcome = watch();
  clean_up();
  tell(TaskEvent::stopped, {}, outcome);
  ended_ = true;
}

base::Result<void> RunningTask::prepare() {
  TRY(plan_, plan_task(order_, surroundings_.region, surroundings_.enforce_cpu));
  TRY(pull());
  TRY(resolve_secrets());
  TRY(open_logs());
  if (stop_asked()) return fail(base::ErrorKind::cancelled, "Task stopped before it was started");
  TRY(make_sandbox());
  return start_containers();
}

base::Result<void> RunningTask::pull() {
  tell(TaskEvent::pull_started);
  std::vector<ContainerReport> digests;
  std::optional<TaskImage> shared;
  for (ContainerPlan& container : plan_.containers) {
    const auto pinned = order_.pinned_digests.find(container.name);
    TRY(TaskImage image, find_task_image(*surroundings_.store, surroundings_.find_manifest, container.image,
                                         pinned == order_.pinned_digests.end() ? "" : pinned->second));
    if (shared && shared->digest != image.digest) {
      return fail(base::ErrorKind::invalid_input,
                  "UnsupportedFeature: the containers of a task share one root here, so all of them must use "
                  "the same image");
    }
    apply_image(container, image.config,
                named(base::json_member(order_.task_definition, "containerDefinitions"), container.name),
                order_.overrides);
    digests.push_back({container.name, image.digest, "", std::nullopt, ""});
    shared = std::move(image);
  }
  {
    std::lock_guard lock(unpacking_);
    auto lower = surroundings_.store->unpack(shared->manifest);
    if (!lower) return fail(base::ErrorKind::internal, "CannotPullContainerError: " + lower.error().message);
    lower_ = std::move(*lower);
  }
  tell(TaskEvent::pull_stopped, std::move(digests));
  return {};
}

base::Result<void> RunningTask::resolve_secrets() {
  for (ContainerPlan& container : plan_.containers) {
    for (const ContainerSecret& secret : container.secrets) {
      auto value = surroundings_.find_secret(secret.value_from);
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

base::Result<void> RunningTask::make_sandbox() {
  const base::Path upper = folder_ / "upper";
  const base::Path work = folder_ / "work";
  TRY(base::make_directories(upper));
  TRY(base::make_directories(work));
  // The upper folder's owner is the owner of `/` inside.
  const auto root_id = sandbox::first_host_id(0);
  if (geteuid() == 0 && chown(upper.c_str(), root_id, root_id) != 0)
    return base::system_error("chown " + upper.string(), errno);
  sandbox::Plan plan;
  plan.label = "tasks/" + order_.task_id;
  plan.root = sandbox::RootKind::image;
  for (const base::Path& layer : lower_) plan.image.lower.push_back(layer.string());
  plan.image.upper = upper.string();
  plan.image.work = work.string();
  plan.network = sandbox::NetworkMode::isolated;
  plan.limits = plan_.limits;
  plan.hostname = "ip-" + base::replace_all(order_.address, ".", "-");
  plan.hosts = {"127.0.0.1 " + plan.hostname};
  auto made = sandbox::make_namespace_sandbox(plan);
  if (!made) {
    return fail(base::ErrorKind::internal, "CannotCreateContainerError: " + made.error().to_string());
  }
  std::lock_guard lock(sandbox_mutex_);
  sandbox_ = std::move(*made);
  return {};
}

base::Result<void> RunningTask::start_containers() {
  for (const ContainerPlan& container : plan_.containers) {
    auto running = std::make_unique<Running>();
    running->plan = &container;
    sandbox::Command command = container.command;
    auto user = ecr::find_user(lower_, container.user);
    if (!user)
      return fail(base::ErrorKind::invalid_input, "CannotStartContainerError: " + user.error().message);
    command.uid = user->uid;
    command.gid = user->gid;
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
    auto started = sandbox_->start(command);
    if (!started) {
      return fail(
          base::ErrorKind::invalid_input,
          fmt::format(
              "CannotStartContainerError: failed to create new container runtime task: container {}: {}",
              container.name, started.error().message));
    }
    running->process = std::move(*started);
    running->output = std::move(pipe.read);
    running->started = SteadyClock::now();
    if (container.check) running->next_check = running->started + container.check->interval;
    containers_.push_back(std::move(running));
  }
  return {};
}

void RunningTask::begin_stop(Outcome outcome) {
  if (std::exchange(stopping_, true)) return;
  outcome_ = std::move(outcome);
  std::chrono::milliseconds patience(0);
  for (const auto& container : containers_) {
    if (container->ended) continue;
    patience = std::max(patience, container->plan->stop_timeout);
    (void)sandbox_->signal(container->process.id, container->plan->stop_signal,
                           sandbox::SignalTarget::process);
  }
  kill_at_ = SteadyClock::now() + patience;
}

/// Until every container has ended; returns why the task did.
RunningTask::Outcome RunningTask::watch() {
  while (true) {
    std::vector<pollfd> polled = {{wake_.get(), POLLIN, 0}};
    auto next = SteadyClock::now() + std::chrono::seconds(5);
    bool all_ended = true;
    for (const auto& container : containers_) {
      const bool live = !container->ended;
      all_ended = all_ended && !live;
      polled.push_back({live ? container->process.ended.get() : -1, POLLIN, 0});
      polled.push_back({container->output.get(), POLLIN, 0});
      polled.push_back({container->check ? container->check->ended.get() : -1, POLLIN, 0});
      if (live && container->plan->check)
        next = std::min(next, container->check ? container->check_deadline : container->next_check);
    }
    if (all_ended) return outcome_;
    if (stopping_)
      next = std::min(next, std::min(kill_at_, SteadyClock::now() + std::chrono::milliseconds(200)));
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(next - SteadyClock::now()).count();
    (void)poll(polled.data(), polled.size(),
               static_cast<int>(std::max<std::int64_t>(0, killed_ ? 200 : wait)));

    if (polled[0].revents != 0) {
      std::uint64_t count = 0;
      (void)!read(wake_.get(), &count, sizeof count);
    }
    if (stop_asked()) begin_stop({"", ""});
    for (std::size_t i = 0; i < containers_.size(); ++i) {
      Running& container = *containers_[i];
      if (polled[3 * i + 2].revents != 0) read_output(container, false);
      if (!container.ended && polled[3 * i + 1].revents != 0) container_ended(container);
      if (!container.ended && !stopping_) step_check(container);
    }
    if (!stopping_) continue;
    kill_at_ = std::min(kill_at_, SteadyClock::now() + std::chrono::milliseconds(longest_stop_ms_.load()));
    if (!killed_ && SteadyClock::now() >= kill_at_) {
      killed_ = true;
      (void)sandbox_->signal(-1, SIGKILL, sandbox::SignalTarget::all);
    }
  }
}

void RunningTask::container_ended(Running& container) {
  container.ended = true;
  auto status = sandbox_->wait(container.process);
  read_output(container, true);
  container.check.reset();
  ContainerReport report{container.plan->name, "", "", std::nullopt, ""};
  report.exit_code = status ? status->shell_code() : 255;
  if (status && status->out_of_memory)
    report.reason = "OutOfMemoryError: Container killed due to memory usage";
  if (status && !status->failure.empty()) {
    report.reason =
        "CannotStartContainerError: failed to create new container runtime task: " + status->failure;
  }
  const bool ends_task = container.plan->essential && !stopping_;
  tell(TaskEvent::container_stopped, {report});
  if (!ends_task) return;
  tell(TaskEvent::stopping);
  begin_stop({"EssentialContainerExited", "Essential container in task exited"});
}

void RunningTask::read_output(Running& container, bool to_the_end) {
  std::array<char, 64 * 1024> piece;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled by read
  while (container.output) {
    const ssize_t count = read(container.output.get(), piece.data(), piece.size());
    if (count == 0) container.output.reset();
    if (count <= 0) break;
    container.line.append(piece.data(), static_cast<std::size_t>(count));
    std::size_t from = 0;
    for (std::size_t end = 0; (end = container.line.find('\n', from)) != std::string::npos; from = end + 1) {
      if (container.plan->log) {
        surroundings_.append_log(container.plan->log->group, container.plan->log->stream,
                                 container.line.substr(from, end - from));
      }
    }
    container.line.erase(0, from);
    const bool too_long = container.line.size() > kLongestLine;
    if (too_long && container.plan->log) {
      surroundings_.append_log(container.plan->log->group, container.plan->log->stream, container.line);
    }
    if (too_long) container.line.clear();
    if (!to_the_end) break;
  }
  if (to_the_end && !container.line.empty() && container.plan->log) {
    surroundings_.append_log(container.plan->log->group, container.plan->log->stream,
                             std::exchange(container.line, {}));
  }
}

void RunningTask::step_check(Running& container) {
  if (!container.plan->check) return;
  const ContainerCheck& check = *container.plan->check;
  const auto now = SteadyClock::now();
  std::optional<bool> passed;
  if (container.check) {
    pollfd ended{container.check->ended.get(), POLLIN, 0};
    if (poll(&ended, 1, 0) > 0) {
      auto status = sandbox_->wait(*container.check);
      passed = status && status->shell_code() == 0;
    } else if (now >= container.check_deadline) {
      (void)sandbox_->signal(container.check->id, SIGKILL, sandbox::SignalTarget::process_group);
      (void)sandbox_->wait(*container.check);
      passed = false;
    }
    if (passed) {
      container.check.reset();
      container.next_check = now + check.interval;
    }
  } else if (now >= container.next_check) {
    sandbox::Command command = container.plan->command;
    command.argv = check.argv;
    if (auto user = ecr::find_user(lower_, container.plan->user)) {
      command.uid = user->uid;
      command.gid = user->gid;
    }
    auto started = sandbox_->start(command);
    if (started) {
      container.check = std::move(*started);
      container.check_deadline = now + check.timeout;
    } else {
      passed = false;
      container.next_check = now + check.interval;
    }
  }
  if (!passed) return;
  std::string health = container.health;
  if (*passed) {
    container.check_failures = 0;
    health = "HEALTHY";
  } else if (now - container.started >= check.start_period && ++container.check_failures >= check.retries) {
    health = "UNHEALTHY";
  }
  if (health == container.health) return;
  container.health = health;
  tell(TaskEvent::container_health, {{container.plan->name, "", health, std::nullopt, ""}});
}

void RunningTask::clean_up() {
  std::shared_ptr<sandbox::Sandbox> sandbox;
  {
    std::lock_guard lock(sandbox_mutex_);
    sandbox.swap(sandbox_);
  }
  if (sandbox) {
    if (auto gone = sandbox->destroy(); !gone) base::log(base::LogLevel::warning, gone.error().to_string());
  }
  // What children of a container still wrote before they were killed.
  for (const auto& container : containers_) read_output(*container, true);
  containers_.clear();
  if (auto removed = base::remove_tree(folder_); !removed)
    base::log(base::LogLevel::warning, removed.error().to_string());
}

}  // namespace emulator
