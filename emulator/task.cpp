#include "emulator/task.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/log.h"
#include "emulator/running_task.h"

namespace emulator {
namespace {

/// A target that is not a task: a process of the user's own on this machine.
base::Result<base::Fd> connect_on_loopback(std::uint16_t port) {
  base::Fd socket_fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket_fd) return base::system_error("socket", errno);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const timeval patience{1, 0};
  (void)setsockopt(socket_fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (::connect(socket_fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    return base::system_error(fmt::format("connecting to 127.0.0.1:{}", port), errno);
  }
  return socket_fd;
}

}  // namespace

TaskRunner::TaskRunner(TaskSurroundings surroundings, base::Path folder,
                       std::function<void(TaskReport)> report)
    : surroundings_(std::move(surroundings)), folder_(std::move(folder)), report_(std::move(report)) {
  if (auto removed = base::remove_tree(folder_); !removed)
    base::log(base::LogLevel::warning, removed.error().to_string());
}

TaskRunner::~TaskRunner() {
  std::map<std::string, std::shared_ptr<RunningTask>> tasks;
  {
    std::lock_guard lock(mutex_);
    tasks.swap(tasks_);
  }
  for (const auto& [id, task] : tasks) task->stop(std::chrono::milliseconds(500));
  tasks.clear();  // waits for each; they end side by side
}

void TaskRunner::start(TaskOrder order) {
  std::vector<std::shared_ptr<RunningTask>> over;  // joined outside the lock
  std::lock_guard lock(mutex_);
  for (auto it = tasks_.begin(); it != tasks_.end();) {
    if (!it->second->has_ended()) {
      ++it;
      continue;
    }
    over.push_back(it->second);
    it = tasks_.erase(it);
  }
  const std::string id = order.task_id;
  auto task =
      std::make_shared<RunningTask>(surroundings_, folder_ / id, std::move(order), unpacking_, report_);
  tasks_.emplace(id, task);
  task->start();
}

void TaskRunner::stop(const std::string& task_id) {
  std::lock_guard lock(mutex_);
  const auto found = tasks_.find(task_id);
  if (found != tasks_.end()) found->second->stop();
}

base::Result<base::Fd> TaskRunner::connect(const std::string& address, std::uint16_t port) {
  if (address == "127.0.0.1" || address == "localhost") return connect_on_loopback(port);
  std::shared_ptr<RunningTask> task;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [id, candidate] : tasks_) {
      if (candidate->address() == address && !candidate->has_ended()) task = candidate;
    }
  }
  if (!task)
    return base::make_error(base::ErrorKind::unavailable, fmt::format("no task has the address {}", address));
  return task->connect(port);
}

std::optional<TaskUsage> TaskRunner::usage(const std::string& task_id) {
  std::shared_ptr<RunningTask> task;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = tasks_.find(task_id); found != tasks_.end()) task = found->second;
  }
  return task ? task->usage() : std::nullopt;
}

std::vector<TaskUsage> TaskRunner::usages() {
  std::vector<std::shared_ptr<RunningTask>> tasks;  // measured outside the lock
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, task] : tasks_) tasks.push_back(task);
  }
  std::vector<TaskUsage> usages;
  for (const auto& task : tasks) {
    if (auto usage = task->usage()) usages.push_back(std::move(*usage));
  }
  return usages;
}

}  // namespace emulator
