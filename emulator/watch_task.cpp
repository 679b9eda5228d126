// What a task does while it runs: output to its log, health checks of its containers, its end.
#include <poll.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "emulator/running_task.h"

namespace emulator {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::size_t kLongestLine = 256 * 1024;  // of a CloudWatch log event
constexpr int kMostPieces = 32;                   // more than any pipe holds

}  // namespace

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
      polled.push_back({container->probe ? container->probe->ended_fd() : -1, POLLIN, 0});
      if (live && container->probe) next = std::min(next, container->probe->next());
    }
    if (all_ended && waiting_.empty()) return outcome_;
    if (crash_at_ && !stopping_) next = std::min(next, *crash_at_);
    if (stopping_) next = std::min(next, SteadyClock::now() + std::chrono::milliseconds(200));
    for (const auto& container : containers_) {
      if (!container->ended && container->kill_at && !container->killed)
        next = std::min(next, *container->kill_at);
    }
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(next - SteadyClock::now()).count();
    (void)poll(polled.data(), polled.size(), static_cast<int>(std::max<std::int64_t>(0, wait)));

    if (polled[0].revents != 0) {
      std::uint64_t count = 0;
      (void)!read(wake_.get(), &count, sizeof count);
    }
    if (stop_asked()) begin_stop({"", ""});
    crash_if_due();
    for (std::size_t i = 0; i < containers_.size(); ++i) {
      Running& container = *containers_[i];
      if (polled[3 * i + 2].revents != 0) read_output(container, ReadOutput::some);
      if (!container.ended && polled[3 * i + 1].revents != 0) container_ended(container);
      if (!container.ended && !stopping_) step_check(container);
    }
    if (!stopping_) {
      if (auto started = start_waiting(); !started)
        begin_stop({"TaskFailedToStart", started.error().message});
      if (!stopping_) tell_when_running();
      continue;
    }
    carry_on_stop();
  }
}

/// A fault on demand: its first container is killed, as by a fault of its own.
void RunningTask::crash_if_due() {
  if (!crash_at_ || SteadyClock::now() < *crash_at_ || stopping_) return;
  crash_at_.reset();
  const Running& first = *containers_.front();
  if (!first.ended) (void)first.sandbox->signal(first.process.id, SIGKILL, sandbox::SignalTarget::process);
}

void RunningTask::container_ended(Running& container) {
  container.ended = true;
  auto status = container.sandbox->wait(container.process);
  // What it wrote last comes before the news of its end. A child may go on writing: that is not waited for.
  read_output(container, ReadOutput::to_the_end);
  if (container.probe) container.probe->forget();
  end_sandbox(container);
  ContainerReport report{container.plan->name, "", "", std::nullopt, ""};
  container.exit_code = status ? status->shell_code() : 255;
  report.exit_code = container.exit_code;
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

void RunningTask::read_output(Running& container, ReadOutput how_much) {
  const auto log = [&](const std::string& line) {
    if (container.plan->log)
      surroundings_.append_log(container.plan->log->group, container.plan->log->stream, line);
  };
  std::array<char, 64 * 1024> piece;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled by read
  const int most = how_much == ReadOutput::to_the_end ? kMostPieces : 1;
  for (int pieces = 0; pieces < most && container.output; ++pieces) {
    const ssize_t count = read(container.output.get(), piece.data(), piece.size());
    if (count == 0) container.output.reset();
    if (count <= 0) break;
    container.line.append(piece.data(), static_cast<std::size_t>(count));
    std::size_t from = 0;
    for (std::size_t end = 0; (end = container.line.find('\n', from)) != std::string::npos; from = end + 1)
      log(container.line.substr(from, end - from));
    container.line.erase(0, from);
    if (container.line.size() > kLongestLine) log(std::exchange(container.line, {}));
  }
  if (how_much == ReadOutput::to_the_end && !container.line.empty()) log(std::exchange(container.line, {}));
}

void RunningTask::step_check(Running& container) {
  if (!container.probe || !container.probe->tick(*container.sandbox, SteadyClock::now())) return;
  const bool healthy = container.probe->health() == ecr::Health::healthy;
  tell(TaskEvent::container_health,
       {{container.plan->name, "", healthy ? "HEALTHY" : "UNHEALTHY", std::nullopt, ""}});
}

}  // namespace emulator
