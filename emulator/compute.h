#pragma once
// ECS, ELBv2 and CodeDeploy of the emulator, and all that runs behind them: tasks, health checks, load
// balancers. What the rest of the emulator needs to know of it.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/files.h"
#include "base/http_client.h"
#include "base/json.h"
#include "base/result.h"
#include "ecr/image_store.h"
#include "emulator/alarm_states.h"
#include "emulator/faults.h"
#include "emulator/metric_store.h"
#include "emulator/service.h"
#include "emulator/task_report.h"
#include "sandbox/sandbox.h"

namespace emulator {

struct ComputeOptions {
  base::Path state_folder;  ///< its own part of the emulator's state; made when missing
  std::string account;
  std::string region;
  base::Json seed;                    ///< clusters, task_definitions, load_balancers, target_groups, services
  std::uint16_t api_port = 0;         ///< of the emulator on 127.0.0.1
  ecr::ImageStore* images = nullptr;  ///< holds the blobs of what was pushed
  base::Clock* clock = nullptr;
  /// The digest of a repository's image by tag or digest; the Error says whether repository or image is
  /// missing.
  std::function<base::Result<std::string>(const std::string& repository, const std::string& key)>
      find_manifest;
  /// The group must exist, or is made when `create_group`; the stream is made.
  std::function<base::Result<void>(const std::string& group, const std::string& stream, bool create_group)>
      open_log;
  std::function<void(const std::string& group, const std::string& stream, const std::string& line)>
      append_log;
  /// The value of a container secret's valueFrom (Secrets Manager or SSM); the Error is the reason that AWS
  /// gives.
  std::function<base::Result<std::string>(const SecretOrder& order)> find_secret;
  /// The Error says what refuses it; empty: all may be pulled.
  std::function<base::Result<void>(const PullOrder& order)> check_pull;
  /// What shall go wrong with a task that starts now; empty: nothing.
  std::function<TaskFaults(const TaskOrder& order)> faults_of;
  /// Variables of a container that say where ECS's agent is; empty: none.
  std::function<sandbox::EnvVars(const TaskOrder& order, const std::string& container)> agent_variables;
  base::HttpClient* http = nullptr;  ///< for hooks that are URLs
  double time_scale = 1;             ///< how much faster than this machine's the account's time passes
  /// An AppSpec may be YAML; empty: it has to be JSON.
  std::function<base::Result<base::Json>(const std::string& text)> read_yaml;
  /// What deployments with alarms watch; empty: there are no alarms.
  FindAlarms find_alarms;
};

class Compute {
 public:
  /// Applies the seed to what is missing and starts the tasks that the kept services want.
  static base::Result<std::unique_ptr<Compute>> start(ComputeOptions options);
  /// Stops all tasks and listeners; state is kept.
  virtual ~Compute() = default;
  virtual ServiceTable ecs() = 0;
  virtual ServiceTable elb() = 0;
  virtual ServiceTable code_deploy() = 0;
  /// Services with their tasks and deployments, target groups with health and counters, load balancers with
  /// URLs.
  virtual base::Json status() = 0;
  /// As the task metadata endpoint has it: of a task, or of its container; nothing when there is none.
  virtual std::optional<base::Json> task_metadata(const std::string& task_id,
                                                  const std::string& container) = 0;
  /// The task role of a task that has not stopped.
  virtual std::optional<std::string> role_of_task(const std::string& task_id) = 0;
  /// What a task uses that runs.
  virtual std::optional<TaskUsage> usage_of_task(const std::string& task_id) = 0;
  /// The task role and execution role of a registered task definition.
  virtual std::vector<std::string> roles_of(const std::string& task_definition) = 0;
  /// What the load balancers counted since the last call, and what tasks use, for CloudWatch. Called by one
  /// thread.
  virtual void measure(MetricStore& metrics, double now) = 0;
  /// The Dimensions under which CloudWatch has a target group or load balancer; an Error for an unknown name.
  virtual base::Result<base::Json> dimensions_of(const std::string& target_group,
                                                 const std::string& load_balancer) = 0;
};

}  // namespace emulator
