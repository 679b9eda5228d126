#include "server/runner_protocol.h"

#include <fmt/format.h>

#include <array>

#include "base/crypto.h"
#include "base/strings.h"

namespace server {

namespace {

constexpr std::array<std::string_view, 5> kResultNames{"unspecified", "success", "failure", "cancelled",
                                                       "skipped"};
constexpr std::string_view kResultPrefix = "RESULT_";

std::string wire_name(TaskResult result) {
  return fmt::format("{}{}", kResultPrefix, base::to_upper(to_string(result)));
}

// ProtoJSON: a name, or the number of one that the sender has no name for.
TaskResult read_result(const base::Json& value) {
  if (value.is_number_integer()) {
    const auto number = value.get<std::int64_t>();
    const bool known = number >= 0 && number < static_cast<std::int64_t>(kResultNames.size());
    return known ? static_cast<TaskResult>(number) : TaskResult::unspecified;
  }
  if (!value.is_string()) return TaskResult::unspecified;
  const auto& name = value.get_ref<const std::string&>();
  for (std::size_t i = 0; i < kResultNames.size(); ++i) {
    if (name == wire_name(static_cast<TaskResult>(i))) return static_cast<TaskResult>(i);
  }
  return TaskResult::unspecified;
}

// ProtoJSON: as text, so that JavaScript loses no digit; readers take numbers as well.
std::int64_t read_int64(const base::Json& object, std::string_view key) {
  const auto& value = base::json_member(object, key);
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (!value.is_string()) return 0;
  return base::parse_integer(value.get_ref<const std::string&>()).value_or(0);
}

std::map<std::string, std::string> read_texts(const base::Json& object) {
  std::map<std::string, std::string> texts;
  if (!object.is_object()) return texts;
  for (const auto& [name, value] : object.items()) {
    if (value.is_string()) texts[name] = value.get<std::string>();
  }
  return texts;
}

base::Result<ForgeTask> read_task(const base::Json& task) {
  ForgeTask read{.id = read_int64(task, "id"),
                 .context = base::json_member(task, "context"),
                 .secrets = read_texts(base::json_member(task, "secrets")),
                 .variables = read_texts(base::json_member(task, "vars"))};
  if (read.id == 0)
    return base::make_error(base::ErrorKind::remote, "expected a task with an id, found none");
  TRY(read.workflow, base::base64_decode(base::json_string(task, "workflowPayload"))
                         .while_doing(fmt::format("reading the workflow of task {}", read.id)));
  if (!read.context.is_object()) read.context = base::Json::object();
  const auto& needs = base::json_member(task, "needs");
  if (!needs.is_object()) return read;
  for (const auto& [job, need] : needs.items()) {
    read.needs[job] = {.result = read_result(base::json_member(need, "result")),
                       .outputs = read_texts(base::json_member(need, "outputs"))};
  }
  return read;
}

void add_times(base::Json& object, const std::optional<base::WallTime>& started,
               const std::optional<base::WallTime>& stopped) {
  if (started) object["startedAt"] = base::format_iso8601(*started);
  if (stopped) object["stoppedAt"] = base::format_iso8601(*stopped);
}

}  // namespace

std::string_view to_string(TaskResult result) {
  return kResultNames.at(static_cast<std::size_t>(result));
}

TaskResult task_result_of(std::string_view conclusion) {
  for (std::size_t i = 1; i < kResultNames.size(); ++i) {
    if (conclusion == kResultNames.at(i)) return static_cast<TaskResult>(i);
  }
  return TaskResult::failure;
}

base::Result<RunnerIdentity> read_runner(const base::Json& response) {
  const auto& runner = base::json_member(response, "runner");
  RunnerIdentity identity{.id = read_int64(runner, "id"),
                          .uuid = base::json_string(runner, "uuid"),
                          .token = base::json_string(runner, "token"),
                          .name = base::json_string(runner, "name"),
                          .ephemeral = base::json_bool(runner, "ephemeral")};
  if (identity.uuid.empty() || identity.token.empty())
    return base::make_error(base::ErrorKind::remote, "expected a runner with uuid and token, found none");
  return identity;
}

base::Result<FetchedTask> read_fetched_task(const base::Json& response) {
  FetchedTask fetched{.tasks_version = read_int64(response, "tasksVersion")};
  const auto& task = base::json_member(response, "task");
  if (task.is_null()) return fetched;
  TRY(fetched.task, read_task(task));
  return fetched;
}

TaskAnswer read_task_answer(const base::Json& response) {
  TaskAnswer answer{.result = read_result(base::json_member(base::json_member(response, "state"), "result"))};
  const auto& sent = base::json_member(response, "sentOutputs");
  if (!sent.is_array()) return answer;
  for (const auto& name : sent) {
    if (name.is_string()) answer.sent_outputs.push_back(name.get<std::string>());
  }
  return answer;
}

base::Json to_json(const TaskState& state) {
  base::Json json = {{"id", std::to_string(state.id)}};
  if (state.result != TaskResult::unspecified) json["result"] = wire_name(state.result);
  add_times(json, state.started, state.stopped);
  base::Json steps = base::Json::array();
  for (std::size_t i = 0; i < state.steps.size(); ++i) {
    const auto& step = state.steps[i];
    base::Json entry = {{"id", std::to_string(i)},
                        {"logIndex", std::to_string(step.log_index)},
                        {"logLength", std::to_string(step.log_length)}};
    if (step.result != TaskResult::unspecified) entry["result"] = wire_name(step.result);
    add_times(entry, step.started, step.stopped);
    steps.push_back(std::move(entry));
  }
  json["steps"] = std::move(steps);
  return json;
}

base::Json to_json(const std::vector<LogRow>& rows) {
  base::Json json = base::Json::array();
  for (const auto& row : rows)
    json.push_back({{"time", base::format_iso8601(row.time)}, {"content", row.content}});
  return json;
}

}  // namespace server
