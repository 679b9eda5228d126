#pragma once
// Following one deployment of a service to its end: not "the service is stable", but what became of this one.

#include <chrono>
#include <functional>
#include <string>

#include "aws/client.h"
#include "base/result.h"
#include "ecs/ecs_client.h"

namespace ecs {

enum class RolloutEnd {
  completed,
  failed,       ///< and nothing took its place
  rolled_back,  ///< the service is back at an older revision, or on its way there
  superseded,   ///< another deployment was started after it
  timed_out,
  cancelled,
};
std::string_view to_string(RolloutEnd end);

struct RolloutOptions {
  std::string cluster;
  std::string service;
  std::string deployment_id;
  std::chrono::seconds patience{1800};
  /// Called whenever a count or state changed, with the state of the load balancer's targets.
  std::function<void(const Deployment& deployment, const std::map<std::string, int>& targets)> on_progress;
  /// The service's events since the start, oldest first, each once.
  std::function<void(const ServiceEvent& event)> on_event;
};

struct RolloutOutcome {
  RolloutEnd end = RolloutEnd::completed;
  std::string reason;     ///< AWS's own words
  Deployment deployment;  ///< as it was last seen
  Service service;        ///< at the end
};

/// `before` is the service as it was when the deployment began: its events are old news. After a failure it
/// waits for the rollback to end, too. An Error is a call that failed.
base::Result<RolloutOutcome> follow_rollout(aws::Client& client, const RolloutOptions& options,
                                            const Service& before);

}  // namespace ecs
