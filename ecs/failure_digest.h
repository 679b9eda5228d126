#pragma once
// Why a deployment failed: its stopped tasks grouped by what ended them, what the load balancer saw, and the
// last log lines of a container of each group.

#include <string>
#include <vector>

#include "aws/client.h"
#include "base/result.h"
#include "ecs/ecs_client.h"

namespace ecs {

struct FailureGroup {
  std::string reason;  ///< stoppedReason, with containers' exit codes and reasons
  int tasks = 0;
  std::string container;               ///< whose lines follow
  std::string example;                 ///< a task's id
  std::vector<std::string> log_lines;  ///< the last ones, oldest first
};

struct FailureDigest {
  std::vector<FailureGroup> groups;         ///< the most frequent first
  std::vector<std::string> health_reports;  ///< service events about failed checks, each text once
};

/// Of the tasks that this deployment started. What may not be asked for is left out: a digest never fails.
FailureDigest digest_failure(aws::Client& client, const std::string& cluster, const Service& service,
                             const std::string& deployment_id, double since);

/// Lines for people.
std::vector<std::string> to_lines(const FailureDigest& digest);

}  // namespace ecs
