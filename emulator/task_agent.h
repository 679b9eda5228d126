#pragma once
// What ECS's agent answers to tasks: their metadata (version 4) and the credentials of their task role. Tasks
// reach it at TaskNetwork::kAgentPort of their own loopback.

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/http_server.h"
#include "base/json.h"
#include "emulator/identity.h"
#include "emulator/task_report.h"
#include "emulator/task_stats.h"
#include "sandbox/sandbox.h"

namespace emulator {

class TaskAgent {
 public:
  struct Known {
    /// The metadata of a task, or of one of its containers when one is named; nothing when there is none.
    std::function<std::optional<base::Json>(const std::string& task_id, const std::string& container)>
        metadata;
    /// The task role of a task that has not ended; nothing when there is no such task, or it has no role.
    std::function<std::optional<std::string>(const std::string& task_id)> role;
    /// What a task uses that runs.
    std::function<std::optional<TaskUsage>(const std::string& task_id)> usage;
  };

  TaskAgent(Identity& identity, base::Clock& clock, Known known);

  /// A container's variables: where its metadata are, and its role's credentials at a path that only it
  /// knows.
  [[nodiscard]] sandbox::EnvVars variables(const TaskOrder& order, const std::string& container) const;
  /// Of a request for one of these places; nothing for any other.
  std::optional<base::ServerResponse> answer(const base::ServerRequest& request);

 private:
  [[nodiscard]] std::string secret_of(const std::string& task_id) const;
  base::ServerResponse answer_metadata(std::string_view place);
  std::optional<base::Json> stats_of(const std::string& task_id, const std::string& container);
  base::ServerResponse answer_credentials(std::string_view place);
  Identity::Session session_of(const std::string& task_id, const Role& role);

  Identity& identity_;
  base::Clock& clock_;
  Known known_;
  std::string key_;  ///< of secret_of()
  std::mutex mutex_;
  std::map<std::string, Identity::Session> sessions_;  ///< by task id
  std::map<std::string, StatsSample> samples_;         ///< the last look at each container, by its docker id
};

}  // namespace emulator
