#pragma once
// Something of a release that goes on at AWS: a rollout, a CodeDeploy deployment, a task. Started elsewhere,
// looked at from time to time, so that one loop can wait for many.

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "aws/client.h"
#include "base/json.h"
#include "base/result.h"
#include "ecs/deployment_plan.h"
#include "ecs/rollout.h"

namespace ecs {

/// How it ended, for people and programs.
struct FollowedEnd {
  RolloutEnd end = RolloutEnd::completed;
  std::string sentence;              ///< one line
  std::vector<std::string> details;  ///< more lines: why it failed
  std::string annotation;            ///< the first cause and what helps; empty: none is known
  std::string summary;               ///< Markdown
  base::Json json;
};

struct Followed {
  /// Nothing while it goes on. An Error is a call that failed for good; what was started goes on:
  /// lose_sight().
  std::function<base::Result<std::optional<FollowedEnd>>()> look;
  /// Ended from outside: timed_out, cancelled or unknown.
  std::function<FollowedEnd(RolloutEnd)> give_up;
  /// Has it taken back; look() then tells how that ended. Absent where there is nothing to take back.
  std::function<base::Result<void>(const std::string& why)> roll_back;
  std::string id;  ///< ecs-svc/N, d-…, or a task's ARN
  std::chrono::seconds patience{1800};
};

/// What is told meanwhile.
struct FollowNews {
  std::function<void(const std::string& line)> line;
  std::function<void(std::string_view type, const base::Json& details)> event;
  std::function<std::optional<HookDecision>(const LifecycleHook&)> decide_hook;
};

struct RolloutLimits {
  std::chrono::seconds patience{1800};
  int hopeless_tasks = 3;  ///< as RolloutOptions has it
};

/// Updates the service and follows its deployment.
base::Result<Followed> start_rollout(aws::Client& client, const Service& before, const DeploymentPlan& plan,
                                     const RolloutLimits& limits, const FollowNews& news);
/// Follows a deployment of the service that goes on already.
Followed follow_deployment(aws::Client& client, const Service& before, RolloutOptions options,
                           const FollowNews& news);

/// The end when `error` kept it from being looked at: unknown, and why; cancelled when that is the error.
FollowedEnd lose_sight(const Followed& followed, const base::Error& error);

/// Looks until the end, or until patience, the client's stop token or a call that failed for good ends it.
FollowedEnd wait_for(aws::Client& client, const Followed& followed);

}  // namespace ecs
