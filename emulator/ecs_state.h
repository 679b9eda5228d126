#pragma once
// What ECS knows: clusters, task definitions, services with their deployments, tasks. Plain records behind
// one mutex. Who changes them: the API (ecs_service.h) and the scheduler (scheduler.h). What runs is
// task.h's.

#include <deque>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "emulator/rollout_arithmetic.h"
#include "emulator/service_deployment.h"
#include "emulator/target_group.h"

namespace emulator {

struct Cluster {
  std::string name;
  std::string arn;
  std::string status = "ACTIVE";
  base::Json definition = base::Json::object();  ///< settings, configuration, capacityProviders as they came
};

struct ContainerRecord {
  std::string name;
  std::string image;
  std::string image_digest;
  std::string last_status = "PENDING";
  std::string health = "UNKNOWN";
  std::optional<int> exit_code;
  std::string reason;
  bool has_health_check = false;
};

/// A target that a task was registered as.
struct TaskTarget {
  std::string group_arn;
  TargetId id;
  bool operator==(const TaskTarget&) const = default;
};

struct TaskRecord {
  std::string id;
  std::string arn;
  std::string cluster_arn;
  std::string task_definition_arn;
  std::string group;
  std::string started_by;
  std::string launch_type = "FARGATE";
  std::string last_status = "PROVISIONING";
  std::string desired_status = "RUNNING";
  std::string stop_code;
  std::string stopped_reason;
  std::string address;
  double created_at = 0;
  double pull_started_at = 0;
  double pull_stopped_at = 0;
  double started_at = 0;
  double stopping_at = 0;
  double stopped_at = 0;
  std::vector<ContainerRecord> containers;
  base::Json overrides = base::Json::object();
  base::Json tags = base::Json::array();
  bool enable_execute_command = false;

  std::string service_arn;  ///< empty for RunTask
  std::string deployment_id;
  std::vector<TaskTarget> targets;
  base::SteadyTime running_since{};
  bool was_healthy = false;
  bool start_ordered = false;
  bool stop_ordered = false;
  bool failed = false;  ///< counted against its deployment already

  [[nodiscard]] bool is_live() const { return desired_status == "RUNNING" && last_status != "STOPPED"; }
  [[nodiscard]] bool is_running() const { return last_status == "RUNNING"; }
};

struct Service {
  std::string name;
  std::string arn;
  std::string cluster_arn;
  std::string status = "ACTIVE";
  int desired_count = 0;
  double created_at = 0;
  base::Json definition = base::Json::object();  ///< the request's other members as they came
  base::Json tags = base::Json::array();
  std::vector<Deployment> deployments;     ///< the primary one first
  std::vector<TaskSet> task_sets;          ///< instead, when the deployment controller is not ECS
  std::deque<ServiceEvent> events;         ///< newest first
  std::vector<ServiceDeployment> history;  ///< newest first
  std::vector<ServiceRevision> revisions;

  bool steady_announced = false;

  [[nodiscard]] Deployment* primary();
  /// Also of a task set.
  [[nodiscard]] Deployment* deployment(std::string_view id);
  [[nodiscard]] ServiceDeployment* record_of(std::string_view deployment_id);
  [[nodiscard]] const Deployment* deployment(std::string_view id) const;
  /// The newest one while it is under way; null when none is.
  [[nodiscard]] ServiceDeployment* under_way();
  [[nodiscard]] ServiceRevision* revision(std::string_view revision_arn);
  [[nodiscard]] TaskSet* task_set(std::string_view id_or_arn);
  [[nodiscard]] bool has_task_sets() const;
  /// How events name it: `(service S)`, with the task set where the tasks are of one.
  [[nodiscard]] std::string subject(std::string_view deployment_id) const;
  [[nodiscard]] DeploymentLimits limits() const;
  /// Newest first, at most 100; a text that is among them already is left out for six hours.
  void add_event(double now, const std::string& message);
};

/// So many tasks may be there at once: each is processes on the user's machine.
inline constexpr std::size_t kMostTasks = 100;

struct EcsState {
  EcsState(std::string region_, std::string account_)
      : region(std::move(region_)), account(std::move(account_)) {}
  mutable std::mutex mutex;
  std::string region;
  std::string account;
  std::vector<Cluster> clusters;
  std::map<std::string, std::vector<base::Json>> families;  ///< every revision; [i] is revision i + 1
  std::map<std::string, base::Json> tags;                   ///< of clusters and task definitions, by ARN
  std::list<Service> services;
  std::list<TaskRecord> tasks;
  std::map<std::string, std::vector<std::string>> client_tokens;  ///< RunTask's token → task ids
  std::uint32_t next_address = 0;

  [[nodiscard]] std::string arn(std::string_view resource) const;
  Cluster* find_cluster(std::string_view name_or_arn);  ///< "" is "default"
  /// `family:revision`, `family` (the newest active one) or an ARN; null when there is none.
  base::Json* find_task_definition(std::string_view name);
  Service* find_service(std::string_view cluster_arn, std::string_view name_or_arn);
  TaskRecord* find_task(std::string_view id_or_arn);
  /// How many more tasks can be placed.
  [[nodiscard]] std::size_t room_for_tasks() const;

  Cluster& add_cluster(const std::string& name);
  /// Gives it its family's next revision number; fields unknown to us are kept.
  base::Json& add_task_definition(base::Json definition, const std::string& registered_by, double now);
  TaskRecord& add_task(const Cluster& cluster, const base::Json& task_definition, double now);
  /// An ACTIVE one without tasks yet.
  TaskSet& add_task_set(Service& service, const std::string& task_definition_arn, double now);
  /// The service's new primary deployment; the one before becomes ACTIVE.
  Deployment& start_deployment(Service& service, const std::string& task_definition_arn, double now);
  /// The way back: the last completed deployment is primary again. False: there is none.
  bool roll_back(Service& service, const std::string& reason, double now);
};

/// The last part of an ARN or name: `cluster/name/id` → `id`.
std::string last_part(std::string_view arn);

/// What outlives a restart: all but tasks (ecs_kept_state.cpp).
base::Json kept_state(const EcsState& state);
base::Result<void> load_kept_state(EcsState& state, const base::Json& document);

}  // namespace emulator
