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
  };
  EcsService(EcsState& state, base::Clock& clock, Links links);

  /// All operations. `changed` is called after each one that changed something, outside all locks.
  ServiceTable table(const std::function<void()>& changed);
  /// An operation by its name after the dot of X-Amz-Target. Locks the state.
  base::Result<base::Json> call(const std::string& operation, const base::Json& request,
                                const std::string& caller_arn);
  /// Adds what a seed's `clusters`, `task_definitions` and `services` declare and is not there yet.
  /// `find_group` gives the ARN of a target group by name, or nothing. Locks the state.
  base::Result<void> apply_seed(
      const base::Json& seed,
      const std::function<std::optional<std::string>(const std::string& name)>& find_group);

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
  Answer delete_service(const base::Json& request);
  Answer describe_services(const base::Json& request);
  Answer list_services(const base::Json& request);
  // ecs_deployments.cpp
  Answer list_service_deployments(const base::Json& request);
  Answer describe_service_deployments(const base::Json& request);
  Answer describe_service_revisions(const base::Json& request);
  Answer stop_service_deployment(const base::Json& request);
  // ecs_tasks.cpp
  Answer run_task(const base::Json& request);
  Answer stop_task(const base::Json& request);
  Answer describe_tasks(const base::Json& request);
  Answer list_tasks(const base::Json& request);

  base::Result<Cluster*> cluster_of(const base::Json& request);
  base::Result<Service*> active_service(const base::Json& request);
  base::Result<void> check_load_balancers(const base::Json& request) const;
  base::Result<void> seed_service(
      const base::Json& entry,
      const std::function<std::optional<std::string>(const std::string& name)>& find_group);
  base::Json* tags_of(const std::string& arn);
  [[nodiscard]] double now() const;

  EcsState& state_;
  base::Clock& clock_;
  Links links_;
  std::string caller_arn_;
};

}  // namespace emulator
