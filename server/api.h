#pragma once
// The answers under /api: runs and workers here, jobs and deliveries in files of their own. docs/openapi.yaml
// describes them all. Not for streams of events (event_feed), nor for who may ask (routes).

#include <functional>

#include "server/attempt_queue.h"
#include "server/delivery_inbox.h"
#include "server/event_feed.h"
#include "server/rollbacks.h"
#include "server/routes.h"
#include "server/workers.h"

namespace server {

struct ApiParts {
  base::Path state_folder;
  const Config& config;
  AttemptQueue& queue;
  DeliveryInbox& inbox;
  Workers& workers;
  EventFeed& feed;
  Rollbacks& rollbacks;
  std::function<void()> on_queued;  ///< there is something to run
};

/// Adds all its routes; the parts live as long as those are asked.
base::Result<void> add_api(Routes& routes, const ApiParts& parts);
/// Logs of jobs, and decisions about them.
void add_job_api(Routes& routes, const ApiParts& parts);
/// Services that are taken back.
void add_rollback_api(Routes& routes, const ApiParts& parts);
/// Secrets and variables by name.
void add_secret_api(Routes& routes, const ApiParts& parts);
/// Deliveries, and workflows that are dispatched.
base::Result<void> add_delivery_api(Routes& routes, const ApiParts& parts);

}  // namespace server
