#pragma once
// What a task will run, as plain data: each container's command, environment, user, log and health check,
// from the task definition, the overrides and the image. Pure; carried out by running_task.cpp.

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ecr/health_probe.h"
#include "emulator/task_image.h"
#include "emulator/task_report.h"
#include "emulator/task_volumes.h"
#include "sandbox/sandbox.h"

namespace emulator {

struct ContainerCheck {
  std::vector<std::string> argv;
  ecr::HealthTimes times;
};

struct ContainerLog {
  std::string group;
  std::string stream;
  bool create_group = false;
};

/// A `secrets` entry; its value is put in place just before the start.
struct ContainerSecret {
  std::string name;
  std::string value_from;
};

/// A container that has to be there first.
struct ContainerDependency {
  std::string container;
  std::string condition;  ///< START, COMPLETE, SUCCESS or HEALTHY
};

struct ContainerPlan {
  std::string name;
  std::string image;
  bool essential = true;
  std::vector<ContainerDependency> depends_on;
  sandbox::Command command;
  std::string user;
  std::vector<ContainerSecret> secrets;
  std::optional<ContainerLog> log;
  std::optional<ContainerCheck> check;
  std::vector<VolumePlace> volumes;
  sandbox::MemoryShare memory;                       ///< of the task's
  std::uint64_t open_files = 0;                      ///< at most; 0 is the usual
  std::chrono::milliseconds start_timeout{180'000};  ///< for what others wait for of it
  std::chrono::milliseconds stop_timeout{30'000};
  int stop_signal = 15;
};

struct TaskPlan {
  std::vector<ContainerPlan> containers;
  std::vector<VolumePlan> volumes;
  std::set<std::uint16_t> ports;  ///< that its containers listen on
  sandbox::Limits limits;
  double cpu_units = 0;  ///< reserved; a limit only where it is enforced
};

/// The error is the task's stoppedReason: what the definition asks for and this emulator cannot do.
base::Result<TaskPlan> plan_task(const TaskOrder& order, const std::string& region, bool enforce_cpu);
/// Fills in what only the image knows: entrypoint, command, environment, folder, user, stop signal.
void apply_image(ContainerPlan& plan, const ecr::ImageConfig& config, const base::Json& definition,
                 const base::Json& overrides);
/// The definition, or the override, of the container of that name; null when there is none.
const base::Json& named(const base::Json& list, std::string_view name);

}  // namespace emulator
