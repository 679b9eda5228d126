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

struct Deployment {
  std::string id;  ///< ecs-svc/…
  std::string status = "PRIMARY";
  std::string task_definition_arn;
  std::string rollout_state = "IN_PROGRESS";
  std::string rollout_reason;
  double created_at = 0;
  double updated_at = 0;
  int failed_tasks = 0;
  int breaker_failures = 0;  ///< in a row, without a healthy task between
  bool was_completed = false;
  bool is_rollback = false;
  bool is_placeholder = false;  ///< of a seeded service that was never deployed: starts nothing
  std::string revision_arn;
  std::map<std::string, std::string> pinned_digests;  ///< container → digest, by the first task that pulled
};

/// What DescribeServiceDeployments keeps of a deployment when it is gone from the service.
struct ServiceDeployment {
  std::string arn;
  std::string deployment_id;
  std::string status = "IN_PROGRESS";
  std::string status_reason;
  std::vector<std::string> source_revisions;
  std::string target_revision;
  double created_at = 0;
  double updated_at = 0;
  double finished_at = 0;
  double stopped_at = 0;
  std::string rollback_reason;
  std::string rollback_revision;
  double rollback_started_at = 0;
  std::string breaker_status = "DISABLED";
  int failure_count = 0;
  int threshold = 0;
};

struct ServiceRevision {
  std::string arn;
  std::string task_definition_arn;
  double created_at = 0;
};

struct ServiceEvent {
  std::string id;
  double created_at = 0;
  std::string message;
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
  std::deque<ServiceEvent> events;         ///< newest first
  std::vector<ServiceDeployment> history;  ///< newest first
  std::vector<ServiceRevision> revisions;

  int launch_failures = 0;  ///< tasks in a row that never ran
  int crashes = 0;          ///< tasks in a row that ran and ended before they were healthy
  base::SteadyTime not_before{};
  bool steady_announced = false;

  [[nodiscard]] Deployment* primary();
  [[nodiscard]] Deployment* deployment(std::string_view id);
  [[nodiscard]] ServiceDeployment* record_of(std::string_view deployment_id);
  [[nodiscard]] DeploymentLimits limits() const;
  [[nodiscard]] bool breaker_enabled() const;
  [[nodiscard]] bool rolls_back() const;
  /// Newest first, at most 100; the same text as the newest one is left out for six hours.
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
  /// The service's new primary deployment; the one before becomes ACTIVE.
  Deployment& start_deployment(Service& service, const std::string& task_definition_arn, double now);
  /// The circuit breaker's or the user's way back: the last completed deployment is primary again. False:
  /// none.
  bool roll_back(Service& service, const std::string& reason, double now);
};

std::string new_deployment_id();
/// The last part of an ARN or name: `cluster/name/id` → `id`.
std::string last_part(std::string_view arn);

/// What outlives a restart: all but tasks (ecs_kept_state.cpp).
base::Json kept_state(const EcsState& state);
base::Result<void> load_kept_state(EcsState& state, const base::Json& document);

}  // namespace emulator
