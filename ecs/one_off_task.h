#pragma once
// A task that runs once and has to end well: a migration before a deployment, a job of a schedule. RunTask,
// and an exit code of every container that is a gate.

#include "ecs/followed.h"

namespace ecs {

struct OneOffTask {
  std::string cluster;
  base::Json request;  ///< RunTask's input
  std::chrono::seconds patience{1800};
};

/// Starts it; with a clientToken, so that a repeated call starts no second one. The end is completed, or
/// failed when a container ended with another exit code than 0, or with none.
base::Result<Followed> start_one_off_task(aws::Client& client, OneOffTask task, FollowNews news);

}  // namespace ecs
