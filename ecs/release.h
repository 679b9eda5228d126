#pragma once
// Several services and one-off tasks as one release: what needs what, one loop that waits for all, and all of
// it taken back when a part fails. The plan is data; carry_out() is the loop.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "aws/client.h"
#include "base/json.h"
#include "base/result.h"
#include "ecs/followed.h"

namespace ecs {

enum class ItemKind { service, task };

/// One service to update, or one task to run.
struct ReleaseItem {
  std::string name;
  ItemKind kind = ItemKind::service;
  std::vector<std::string> needs;  ///< items that have to end well before it begins
  std::string cluster;
  std::string service;          ///< of an ItemKind::service
  base::Json definition;        ///< to be registered; null: task_definition is there already
  std::string task_definition;  ///< family, family:revision or ARN
  DeploymentRequest request;    ///< of a service: count, force …; its task definition is filled in
  base::Json run_task;          ///< of a task: RunTask's input but for the task definition
  base::Json app_spec;          ///< of CodeDeploy; null: made from the service's load balancer
  std::string code_deploy_application, code_deploy_group, code_deploy_config;
  std::chrono::seconds patience{1800};
  /// Begun when the item has ended well; it has to end well, too. Absent: none.
  std::function<base::Result<Followed>(aws::Client&, const FollowNews&)> gate;
};

enum class OnFailure { roll_back_all, leave };

struct Release {
  std::vector<ReleaseItem> items;
  OnFailure on_failure = OnFailure::roll_back_all;
  int hopeless_tasks = 3;
};

/// Names are unique, needs are there and do not go in circles.
base::Result<void> check_release(const Release& release);

enum class ItemState {
  waiting,
  running,
  gated,
  done,
  failed,
  rolling_back,
  rolled_back,
  rollback_failed,
  unknown  ///< AWS could be asked no more: it, or its way back, may go on
};
std::string_view to_string(ItemState state);

struct ItemOutcome {
  std::string name;
  ItemState state = ItemState::waiting;  ///< waiting at the end: it was not begun
  std::string task_definition;           ///< that it was given
  FollowedEnd end;                       ///< of its deployment, task or gate
};

struct ReleaseOutcome {
  std::vector<ItemOutcome> items;
  /// Of the release as a whole: that of the first item that failed, or completed. A way back that failed, or
  /// whose end is unknown, is worse.
  RolloutEnd end = RolloutEnd::completed;
};

/// Begins what can begin, looks at all that goes on, and so on until nothing does. `news_of` gives the
/// listener of an item.
ReleaseOutcome carry_out(aws::Client& client, const Release& release,
                         const std::function<FollowNews(const ReleaseItem&)>& news_of);

/// The item's task definition: registered, or found.
base::Result<std::string> provide_definition(aws::Client& client, const ReleaseItem& item);
/// Begins an item; `before` is its service as it was. Its controller decides how.
base::Result<Followed> start_item(aws::Client& client, const ReleaseItem& item, const Service& before,
                                  const std::string& definition_arn, const FollowNews& news);
/// Deploys again what the item's service served `before`: its revision, or with CodeDeploy the last AppSpec
/// that succeeded. not_found where there was none.
base::Result<Followed> start_return(aws::Client& client, const ReleaseItem& item, const Service& before,
                                    const FollowNews& news);

}  // namespace ecs
