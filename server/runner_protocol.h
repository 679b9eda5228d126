#pragma once
// The messages of runner.v1, by which Gitea and Forgejo hand single jobs to runners, as plain data, and as
// Connect has them in JSON: int64 as text, bytes in base64, enums by name, what is default left out. Pure.
// Not for the calls (forge_client), nor for what a task comes to (forge_task in cli).

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"

namespace server {

/// runner.v1.Result: of a task, a step or a needed job.
enum class TaskResult { unspecified, success, failure, cancelled, skipped };
/// `success` of RESULT_SUCCESS, as `needs` has it.
std::string_view to_string(TaskResult result);
/// Of a conclusion as events have it; what it does not know is a failure.
TaskResult task_result_of(std::string_view conclusion);

/// A job that the task's needs, which ran elsewhere.
struct NeededJob {
  TaskResult result = TaskResult::success;
  std::map<std::string, std::string> outputs;
};

/// One job to be run. Holds secrets: never to be logged whole.
struct ForgeTask {
  std::int64_t id = 0;
  std::string workflow;  ///< YAML, of that job alone
  base::Json context;    ///< the github context
  std::map<std::string, std::string> secrets;
  std::map<std::string, std::string> variables;
  std::map<std::string, NeededJob> needs;
};

/// Lines `first` to `first + length` of the task's log are the step's.
struct TaskStep {
  TaskResult result = TaskResult::unspecified;
  std::optional<base::WallTime> started;
  std::optional<base::WallTime> stopped;
  std::int64_t log_index = 0;
  std::int64_t log_length = 0;
};

struct TaskState {
  std::int64_t id = 0;
  TaskResult result = TaskResult::unspecified;  ///< unspecified: it still runs
  std::optional<base::WallTime> started;
  std::optional<base::WallTime> stopped;
  std::vector<TaskStep> steps;
};

struct LogRow {
  base::WallTime time;
  std::string content;
};

/// What the forge knows the runner as.
struct RunnerIdentity {
  std::int64_t id = 0;
  std::string uuid;
  std::string token;  ///< secret
  std::string name;
  bool ephemeral = false;
};

/// FetchTaskResponse; no task: there is nothing to do.
struct FetchedTask {
  std::optional<ForgeTask> task;
  std::int64_t tasks_version = 0;
};

/// UpdateTaskResponse.
struct TaskAnswer {
  TaskResult result = TaskResult::unspecified;  ///< what the forge holds the task to be
  std::vector<std::string> sent_outputs;        ///< names of outputs that it has, of this call and before
};

base::Result<RunnerIdentity> read_runner(const base::Json& response);
base::Result<FetchedTask> read_fetched_task(const base::Json& response);
TaskAnswer read_task_answer(const base::Json& response);

base::Json to_json(const TaskState& state);
base::Json to_json(const std::vector<LogRow>& rows);

}  // namespace server
