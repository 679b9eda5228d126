#pragma once
// What passes between the scheduler and whoever runs tasks (task.h, or a fake in tests): orders there,
// reports back.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "sandbox/neighbour.h"

namespace emulator {

/// A task to run. Start and stop return at once; what becomes of it comes as reports.
struct TaskOrder {
  std::string task_id;
  std::string task_arn;
  std::string cluster_arn;
  std::string address;
  std::string service_name;  ///< empty for RunTask
  base::Json task_definition;
  base::Json overrides;
  std::map<std::string, std::string>
      pinned_digests;  ///< container → digest, from the deployment's first task
};

/// The value of a container's secret, asked for in the name of the task's execution role.
struct SecretOrder {
  std::string value_from;
  std::string execution_role;  ///< ARN; empty without one
  std::string task_id;
};

/// Whether an image's repository may be pulled from in the name of the task's execution role.
struct PullOrder {
  std::string repository;
  std::string execution_role;  ///< ARN; empty without one
  std::string task_id;
};

struct ContainerReport {
  std::string name;
  std::string image_digest;
  std::string health;  ///< HEALTHY or UNHEALTHY when it changed
  std::optional<int> exit_code;
  std::string reason;
};

struct ContainerUsage {
  sandbox::Usage used;
  std::uint64_t memory_limit = 0;  ///< its own, else the task's; 0: none
};

/// What a running task uses of what its definition reserves.
struct TaskUsage {
  std::string task_id;
  std::string cluster_arn;
  std::string service_name;        ///< empty for RunTask
  double cpu_units = 0;            ///< reserved: 1024 are a core
  std::uint64_t memory_bytes = 0;  ///< reserved
  sandbox::Usage total;
  std::map<std::string, ContainerUsage> containers;
};

enum class TaskEvent {
  pull_started,
  pull_stopped,  ///< with image digests
  running,       ///< every essential container's process was started
  container_health,
  container_stopped,  ///< with exit codes; the task goes on when the container is not essential
  stopping,           ///< it ends by itself: the remaining containers are told to
  stopped,            ///< always the last one, with what ended it
};

struct TaskReport {
  std::string task_id;
  TaskEvent event = TaskEvent::stopped;
  std::vector<ContainerReport> containers;
  std::string stop_code;  ///< when it ended by itself: TaskFailedToStart, EssentialContainerExited
  std::string stopped_reason;
};

}  // namespace emulator
