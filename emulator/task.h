#pragma once
// Tasks that really run: images from the emulator's registry, each task's containers in one sandbox with a
// network of its own, their output in CloudWatch Logs. It is told what to run by the scheduler and reports
// what became of it. It decides nothing about services.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/files.h"
#include "emulator/faults.h"
#include "emulator/target_group.h"
#include "emulator/task_image.h"
#include "emulator/task_network.h"
#include "emulator/task_report.h"

namespace emulator {

/// What a task takes from the rest of the emulator. All are called from the tasks' threads.
struct TaskSurroundings {
  ecr::ImageStore* store = nullptr;
  FindManifest find_manifest;
  /// The value of a `secrets[].valueFrom`: an ARN with its optional :json-key:stage:version, or a name.
  std::function<base::Result<std::string>(const SecretOrder& order)> find_secret;
  /// The Error says what refuses it; empty: all may be pulled.
  std::function<base::Result<void>(const PullOrder& order)> check_pull;
  /// What shall go wrong with a task that starts now; empty: nothing.
  std::function<TaskFaults(const TaskOrder& order)> faults_of;
  /// The group must exist, or is made when `create_group`; the stream is made.
  std::function<base::Result<void>(const std::string& group, const std::string& stream, bool create_group)>
      open_log;
  std::function<void(const std::string& group, const std::string& stream, const std::string& line)>
      append_log;
  /// What tasks find outside of themselves; null: nothing.
  TaskNetwork* network = nullptr;
  /// Variables of a container that say where ECS's agent is; empty: none.
  std::function<sandbox::EnvVars(const TaskOrder& order, const std::string& container)> agent_variables;
  base::Path file_systems;  ///< a folder for each of EFS
  std::string region;
  /// Whether `cpu` is a hard limit, as on Fargate. Off, it is a share as on EC2: the machine's cores are the
  /// user's.
  bool enforce_cpu = false;
};

class RunningTask;

class TaskRunner {
 public:
  /// Leftovers in `folder` of a process that was killed are removed.
  TaskRunner(TaskSurroundings surroundings, base::Path folder, std::function<void(TaskReport)> report);
  /// All tasks get SIGTERM, half a second later SIGKILL; nothing of them is left.
  ~TaskRunner();
  TaskRunner(const TaskRunner&) = delete;
  TaskRunner& operator=(const TaskRunner&) = delete;

  /// Returns at once.
  void start(TaskOrder order);
  /// Returns at once. Again, or for a task that is gone, does nothing.
  void stop(const std::string& task_id);
  /// Into the task that has this address; loopback addresses are this machine's own.
  base::Result<base::Fd> connect(const std::string& address, std::uint16_t port);
  std::optional<TaskUsage> usage(const std::string& task_id);
  /// Of all tasks that run.
  std::vector<TaskUsage> usages();

 private:
  TaskSurroundings surroundings_;
  base::Path folder_;
  std::function<void(TaskReport)> report_;
  std::mutex mutex_;
  std::mutex unpacking_;
  std::map<std::string, std::shared_ptr<RunningTask>> tasks_;  ///< by id
};

}  // namespace emulator
