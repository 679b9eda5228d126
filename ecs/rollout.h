#pragma once
// Following one deployment of a service to its end: not "the service is stable", but what became of this one.
// By ECS's own record of the deployment where that is offered, by the service's deployments else.

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "aws/client.h"
#include "base/result.h"
#include "ecs/ecs_client.h"
#include "ecs/service_deployments.h"
#include "ecs/silence.h"

namespace ecs {

enum class RolloutEnd {
  completed,
  scaled_to_zero,   ///< completed, but somebody set the desired count to 0: nothing was tried
  failed,           ///< and nothing took its place
  rolled_back,      ///< the service is back at an older revision
  rollback_failed,  ///< nor did the way back work
  stopped,          ///< somebody stopped it where it was
  superseded,       ///< another deployment was started after it
  timed_out,
  cancelled,
  unknown,  ///< AWS could be asked no more: it may go on
};
/// COMPLETED, ROLLED_BACK …
std::string_view to_string(RolloutEnd end);
base::Result<RolloutEnd> parse_rollout_end(std::string_view text);

/// How far it is, for whoever shows it.
struct RolloutProgress {
  const Deployment& deployment;
  const std::map<std::string, int>& targets;  ///< of the load balancer, by state
  const ServiceDeployment* record;            ///< null where it is not offered
};

struct RolloutOptions {
  std::string cluster;
  std::string service;
  std::string deployment_id;           ///< ecs-svc/N
  std::string service_deployment_arn;  ///< empty: not offered
  std::chrono::seconds patience{1800};
  /// So many tasks that ended alike without hope are enough: then it is rolled back. 0 leaves it to ECS.
  int hopeless_tasks = 0;
  /// Called whenever a count or state changed.
  std::function<void(const RolloutProgress&)> on_progress;
  /// The service's events since the start, oldest first, each once.
  std::function<void(const ServiceEvent& event)> on_event;
  /// Other news: that it is given up, that a hook goes on.
  std::function<void(const std::string& news)> on_news;
  /// Asked with every look while a PAUSE hook waits; nothing leaves it waiting.
  std::function<std::optional<HookDecision>(const LifecycleHook&)> decide_hook;
};

struct RolloutOutcome {
  RolloutEnd end = RolloutEnd::completed;
  std::string reason;          ///< AWS's own words
  Deployment deployment;       ///< as it was last seen
  Service service;             ///< at the end
  std::string rolled_back_to;  ///< the task definition that runs after a rollback
  std::string superseded_by;   ///< the id of the deployment that took over
};

/// One deployment that is looked at from time to time. Holds all that is known of it.
class RolloutWatch {
 public:
  /// `before` is the service as it was when the deployment began: its events are old news.
  RolloutWatch(aws::Client& client, RolloutOptions options, Service before);

  /// Nothing while it goes on; after a failure the rollback's end is waited for, too. An Error is a call that
  /// failed for good: the deployment goes on all the same.
  base::Result<std::optional<RolloutOutcome>> look();
  /// What is known, ended from outside: timed_out, cancelled or unknown.
  [[nodiscard]] RolloutOutcome give_up(RolloutEnd end) const;
  /// Has ECS roll it back; what follows is looked at as before.
  base::Result<void> roll_back(const std::string& why);
  [[nodiscard]] const RolloutOptions& options() const { return options_; }

 private:
  [[nodiscard]] std::optional<RolloutEnd> end_by_record() const;
  [[nodiscard]] std::optional<RolloutEnd> end_by_service() const;
  [[nodiscard]] std::optional<RolloutEnd> end() const;
  [[nodiscard]] RolloutOutcome outcome_of(RolloutEnd end) const;
  [[nodiscard]] std::string reason_of(RolloutEnd end) const;
  base::Result<bool> fetch();
  void tell_events();
  void tell_progress(const Deployment& deployment);
  void tell(const std::string& news) const;
  void decide_hooks();
  base::Result<void> give_up_when_hopeless();

  aws::Client& client_;
  RolloutOptions options_;
  Service before_;
  Service service_;
  Deployment last_;
  std::optional<ServiceDeployment> record_;
  std::set<std::string> told_;
  std::set<std::string> decided_;
  std::string failure_;           ///< why it was given up, as an event says
  std::string given_up_because_;  ///< by us
  std::string way_back_;          ///< the deployment that we started for want of StopServiceDeployment
  std::string shown_;
  Silence silence_;
};

/// How long to leave it alone: shortly at first, since that is when things happen.
std::chrono::milliseconds pause_after(std::chrono::milliseconds elapsed);

/// Looks until the end, or until patience or the client's stop token ends it.
base::Result<RolloutOutcome> follow_rollout(aws::Client& client, const RolloutOptions& options,
                                            const Service& before);

}  // namespace ecs
