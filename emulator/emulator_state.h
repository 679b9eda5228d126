#pragma once
// All that an emulator holds, for the two files that carry it: emulator.cpp brings it up, emulator_owner.cpp
// answers its owner.

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "base/http_server.h"
#include "base/json.h"
#include "emulator/access.h"
#include "emulator/alarms.h"
#include "emulator/api_router.h"
#include "emulator/compute.h"
#include "emulator/emulator.h"
#include "emulator/faults.h"
#include "emulator/logs_service.h"
#include "emulator/registry_routes.h"
#include "emulator/registry_tokens.h"
#include "emulator/scaling_service.h"
#include "emulator/secrets_service.h"
#include "emulator/task_agent.h"

namespace emulator {

inline constexpr const char* kAddress = "127.0.0.1";

// Members are destroyed from below: the server first, so that no request meets a service that is gone.
struct Emulator::State {
  std::optional<base::FileLock> lock;
  base::Clock* clock = nullptr;
  std::string region;
  std::string owner_token;
  std::atomic<bool> shutdown{false};
  std::atomic<bool> ready{false};
  std::optional<AuditLog> audit;
  std::unique_ptr<Identity> identity;
  std::optional<ecr::ImageStore> images;
  std::unique_ptr<Repositories> repositories;
  std::optional<RegistryTokens> tokens;
  std::optional<Faults> faults;
  std::unique_ptr<SecretStore> secrets;
  std::optional<LogStore> logs;
  double time_scale = 1;
  std::optional<MetricStore> metrics;
  std::unique_ptr<Alarms> alarms;
  std::optional<TaskAgent> agent;
  std::unique_ptr<Compute> compute;
  std::unique_ptr<ScalableTargets> scaling;
  std::optional<AccessControl> access;
  std::optional<RegistryRoutes> registry;
  std::optional<ApiRouter> router;
  std::jthread pulse;  ///< measures, evaluates alarms and scales
  std::unique_ptr<base::HttpServer> server;

  base::Result<void> open(const EmulatorOptions& options);
  base::Result<void> serve(const EmulatorOptions& options);
  base::Result<void> seed_alarms(const base::Json& seed);
  base::Result<base::Json> call_ecs(const std::string& operation, const base::Json& request);
  void beat();
  base::Result<void> add_services(const EmulatorOptions& options);
  base::Result<Fault> add_fault(const base::Json& declared);
  base::Result<std::string> find_secret(const SecretOrder& order);
  std::optional<std::string> refusal_in_repository(const Asker& asker, const std::string& action,
                                                   const std::string& repository);
  Asker executor_of(const std::string& execution_role, const std::string& task_id) const;
  std::optional<ApiFailure> fail_on_demand(const ServiceTable& service, const ApiCall& call);
  base::Result<std::unique_ptr<Compute>> start_compute(const EmulatorOptions& options);
  base::ServerResponse answer(const base::ServerRequest& request);
  base::ServerResponse answer_owner(const base::ServerRequest& request);
  base::ServerResponse answer_faults(const base::ServerRequest& request);
  base::ServerResponse declare_findings(const base::Json& declared);
  base::Json status() const;
};

}  // namespace emulator
