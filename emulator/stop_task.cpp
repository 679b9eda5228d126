// How a task ends: container after container, then all that was made for it.
#include <algorithm>
#include <csignal>

#include "base/log.h"
#include "emulator/running_task.h"

namespace emulator {

namespace {

using StopClock = std::chrono::steady_clock;
constexpr std::chrono::hours kNoHurry(1);

}  // namespace

void RunningTask::begin_stop(Outcome outcome) {
  if (std::exchange(stopping_, true)) return;
  waiting_.clear();
  outcome_ = std::move(outcome);
  carry_on_stop();
}

/// Whether a container that depends on it has not ended yet.
bool RunningTask::is_needed(const Running& container) const {
  return std::any_of(containers_.begin(), containers_.end(), [&](const auto& other) {
    const auto& needs = other->plan->depends_on;
    return !other->ended &&
           std::any_of(needs.begin(), needs.end(), [&](const ContainerDependency& dependency) {
             return dependency.container == container.plan->name;
           });
  });
}

/// In the reverse of the order in which they were started: each is told to stop once nobody depends on it any
/// more, and killed when its time is over.
void RunningTask::carry_on_stop() {
  const std::chrono::milliseconds at_most(longest_stop_ms_.load());
  const bool hurries = at_most < kNoHurry;
  const auto now = StopClock::now();
  for (const auto& container : containers_) {
    if (container->ended) continue;
    if (!container->kill_at) {
      if (!hurries && is_needed(*container)) continue;
      container->kill_at = now + container->plan->stop_timeout;
      (void)container->sandbox->signal(container->process.id, container->plan->stop_signal,
                                       sandbox::SignalTarget::process);
    }
    if (hurries) container->kill_at = std::min(*container->kill_at, now + at_most);
    if (now < *container->kill_at || std::exchange(container->killed, true)) continue;
    (void)container->sandbox->signal(-1, SIGKILL, sandbox::SignalTarget::all);
  }
}

void RunningTask::clean_up() {
  network_.reset();
  std::vector<std::shared_ptr<sandbox::Sandbox>> sandboxes;
  {
    std::lock_guard lock(sandbox_mutex_);
    for (auto& [name, sandbox] : std::exchange(container_sandboxes_, {})) sandboxes.push_back(sandbox);
    if (sandbox_) sandboxes.push_back(std::exchange(sandbox_, nullptr));
  }
  for (const auto& sandbox : sandboxes) {
    if (auto gone = sandbox->destroy(); !gone) base::log(base::LogLevel::warning, gone.error().to_string());
  }
  // What children of a container still wrote before they were killed.
  for (const auto& container : containers_) read_output(*container, ReadOutput::to_the_end);
  containers_.clear();
  if (auto removed = base::remove_tree(folder_); !removed)
    base::log(base::LogLevel::warning, removed.error().to_string());
}

/// What a container's first process leaves behind ends with it.
void RunningTask::end_sandbox(const Running& container) {
  {
    const std::lock_guard lock(sandbox_mutex_);
    container_sandboxes_.erase(container.plan->name);
  }
  if (auto gone = container.sandbox->destroy(); !gone)
    base::log(base::LogLevel::warning, gone.error().to_string());
}

}  // namespace emulator
