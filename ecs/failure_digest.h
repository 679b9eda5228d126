#pragma once
// Why a deployment failed: its stopped tasks grouped by what ended them, what the load balancer saw, and the
// last log lines of the containers of each group; the first cause first, with what helps.

#include <optional>
#include <string>
#include <vector>

#include "aws/client.h"
#include "base/result.h"
#include "ecs/ecs_client.h"

namespace ecs {

struct ContainerLog {
  std::string container;
  std::vector<std::string> lines;  ///< the last ones, oldest first
};

struct FailureGroup {
  std::string cause;  ///< as cause_of() has it
  int tasks = 0;
  double first_at = 0;       ///< when the first of them stopped
  std::string example;       ///< a task's id
  std::string image_digest;  ///< of the container that failed
  std::vector<ContainerLog> logs;
};

struct FailureDigest {
  std::vector<FailureGroup> groups;         ///< the earliest first
  std::vector<std::string> health_reports;  ///< events and target states about failed checks, each text once
  std::string hint;                         ///< what helps against the first cause

  /// The first cause in one line; empty when nothing is known.
  [[nodiscard]] std::string first_cause() const;
};

struct DigestRequest {
  std::string cluster;
  std::string deployment_id;  ///< whose tasks are looked at
  double since = 0;           ///< events before it are of other deployments
};
/// What may not be asked for is left out: a digest never fails.
FailureDigest digest_failure(aws::Client& client, const Service& service, const DigestRequest& request);

/// The same of these tasks alone.
FailureDigest digest_tasks(aws::Client& client, std::vector<Task> tasks);

/// Lines for people.
std::vector<std::string> to_lines(const FailureDigest& digest);
/// The same as a table with log excerpts, for a step summary.
std::string to_markdown(const FailureDigest& digest);

}  // namespace ecs
