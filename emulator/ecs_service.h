#pragma once
// The ECS API: one function for each operation, over EcsState. Requests and answers are JSON as on the wire;
// an error carries the exception's name as its code. Nothing waits here: the scheduler does what was asked
// for.

#include <functional>
#include <string>

#include "base/json_fwd.h"
#include "base/result.h"
#include "emulator/ecs_state.h"
#include "emulator/service.h"

namespace emulator {

class EcsService {
 public:
  /// `wake` is called after each change (the scheduler's). `group_exists` says whether a target group is
  /// there and has a load balancer; empty asks nobody.
  struct Links {
    std::function<void()> wake;
    std::function<bool(const std::string& target_group_arn)> group_is_usable;
    /// Whether a listener rule, or a listener, of that ARN is there; empty asks nobody.
    std::function<bool(const std::string& rule_arn)> rule_exists;
  };
  EcsService(EcsState& state, base::Clock& clock, Links links);

  /// All operations. `changed` is called after each one that changed something, outside all locks.
  ServiceTable table(const std::function<void()>& changed);
  /// An operation by its name after the dot of X-Amz-Target. Locks the state.
  base::Result<base::Json> call(const std::string& operation, const base::Json& request,
                                const std::string& caller_arn);
  /// ARNs by the names that a seed uses: of target groups, and of the default rules of listeners.
  struct SeedNames {
    std::function<std::optional<std::string>(const std::string& name)> find_group;
    std::function<std::optional<std::string>(const std::string& name)> find_rule;
  };
  /// Adds what a seed's `clusters`, `task_definitions` and `services` declare and is not there yet. Locks the
  /// state.
  base::Result<void> apply_seed(const base::Json& seed, const SeedNames& names);

 private:
  using Answer = base::Result<base::Json>;
  using Function = Answer (EcsService::*)(const base::Json&);
  static const std::map<std::string, Function>& functions();
  // ecs_service.cpp
  Answer create_cluster(const base::Json& request);
  Answer describe_clusters(const base::Json& request);
  Answer list_clusters(const base::Json& request);
  Answer delete_cluster(const base::Json& request);
  Answer tag_resource(const base::Json& request);
  Answer untag_resource(const base::Json& request);
  Answer list_tags_for_resource(const base::Json& request);
  // ecs_task_definitions.cpp
  Answer register_task_definition(const base::Json& request);
  Answer describe_task_definition(const base::Json& request);
  Answer list_task_definitions(const base::Json& request);
  Answer list_task_definition_families(const base::Json& request);
  Answer deregister_task_definition(const base::Json& request);
  // ecs_services.cpp
  Answer create_service(const base::Json& request);
  Answer update_service(const base::Json& request);
  Answer update_scale(Service& service, const base::Json& request);
  Answer delete_service(const base::Json& request);
  Answer describe_services(const base::Json& request);
  Answer list_services(const base::Json& request);
  // ecs_deployments.cpp
  Answer list_service_deployments(const base::Json& request);
  Answer describe_service_deployments(const base::Json& request);
  Answer describe_service_revisions(const base::Json& request);
  Answer stop_service_deployment(const base::Json& request);
  Answer continue_service_deployment(const base::Json& request);
  // ecs_task_sets.cpp
  Answer create_task_set(const base::Json& request);
  Answer update_task_set(const base::Json& request);
  Answer delete_task_set(const base::Json& request);
  Answer describe_task_sets(const base::Json& request);
  Answer update_service_primary_task_set(const base::Json& request);
  base::Result<Service*> service_with_task_sets(const base::Json& request);
  static base::Result<TaskSet*> task_set_of(Service& service, const std::string& id);
  // ecs_tasks.cpp
  Answer run_task(const base::Json& request);
  Answer stop_task(const base::Json& request);
  Answer describe_tasks(const base::Json& request);
  Answer list_tasks(const base::Json& request);

  struct FoundDeployment {
    Service* service;
    ServiceDeployment* record;
  };
  base::Result<FoundDeployment> service_deployment_of(const base::Json& request);
  base::Result<Cluster*> cluster_of(const base::Json& request);
  base::Result<Service*> active_service(const base::Json& request);
  base::Result<void> check_load_balancers(const base::Json& request) const;
  /// The load balancers' containers and ports must be the task definition's.
  static base::Result<void> check_containers(const base::Json& service, const base::Json& definition);
  base::Result<void> check_shift(const base::Json& service) const;
  base::Result<void> seed_service(const base::Json& entry, const SeedNames& names);
  base::Json* tags_of(const std::string& arn);
  [[nodiscard]] double now() const;

  EcsState& state_;
  base::Clock& clock_;
  Links links_;
  std::string caller_arn_;
};

}  // namespace emulator
