#include "server/forge_client.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace server {

namespace {

// The forge waits for a final report instead of taking the job for ended at once when it is cancelled.
constexpr const char* kCancelling = "cancelling";
constexpr std::chrono::seconds kCallTimeout{30};

base::Json label_list(const std::vector<std::string>& labels) {
  base::Json list = base::Json::array();
  for (const auto& label : labels) list.push_back(label);
  return list;
}

base::ErrorKind kind_of(int status, const std::string& code) {
  if (code == "unauthenticated" || code == "permission_denied" || status == 401 || status == 403)
    return base::ErrorKind::denied;
  if (code == "unavailable" || code == "resource_exhausted" || code == "deadline_exceeded" ||
      code == "aborted")
    return base::ErrorKind::unavailable;
  // What stands before the forge answers without Connect's codes.
  if (code.empty() && (status == 429 || status >= 500)) return base::ErrorKind::unavailable;
  if (code.empty() && status == 404) return base::ErrorKind::not_found;
  return base::ErrorKind::remote;
}

base::Error error_of(const base::HttpResponse& response, const std::string& url) {
  const auto parsed = base::parse_json(response.body);
  const std::string code = parsed ? base::json_string(*parsed, "code") : "";
  auto error = base::make_error(kind_of(response.status, code), "");
  error.code = code;
  if (error.kind == base::ErrorKind::not_found) {
    error.message =
        fmt::format("expected the Actions of a Gitea or Forgejo at {}, found none (HTTP 404)", url);
  } else {
    const std::string message = parsed ? base::json_string(*parsed, "message") : "";
    error.message = fmt::format("{} answered HTTP {}{}{}{}", url, response.status,
                                code.empty() ? "" : ", " + code, message.empty() ? "" : ": ", message);
  }
  return error;
}

}  // namespace

ForgeClient::ForgeClient(base::HttpClient& http, ForgeAddress forge, RunnerIdentity runner)
    : http_(http), forge_(std::move(forge)), runner_(std::move(runner)) {
  while (forge_.instance.ends_with('/')) forge_.instance.pop_back();
}

base::Result<base::Json> ForgeClient::call(const char* method, const base::Json& body,
                                           const std::stop_token& stop) {
  base::HttpRequest request{
      .method = "POST",
      .url = fmt::format("{}/api/actions/runner.v1.RunnerService/{}", forge_.instance, method),
      .headers = {{"Content-Type", "application/json"}, {"Connect-Protocol-Version", "1"}},
      .body = base::to_text(body),
      .timeout = kCallTimeout,
      .stop = stop};
  if (!runner_.uuid.empty()) {
    request.headers.emplace("x-runner-uuid", runner_.uuid);
    request.headers.emplace("x-runner-token", runner_.token);
  }
  TRY(const auto response, http_.send(request));
  if (response.status != 200) return error_of(response, request.url);
  return base::parse_json(response.body).while_doing(fmt::format("reading the answer of {}", request.url));
}

base::Result<RunnerIdentity> ForgeClient::enroll(const RegisterRequest& request) {
  base::Json body = {{"name", request.name},
                     {"token", request.token},
                     {"version", forge_.version},
                     {"labels", label_list(request.labels)},
                     {"capabilities", {kCancelling}}};
  if (request.ephemeral) body["ephemeral"] = true;
  TRY(const auto answer, call("Register", body));
  TRY(auto identity, read_runner(answer));
  // A forge that knows no ephemeral runners leaves the field out.
  identity.ephemeral = identity.ephemeral || request.ephemeral;
  return identity;
}

base::Result<void> ForgeClient::declare(const std::vector<std::string>& labels) {
  TRY(call("Declare",
           {{"version", forge_.version}, {"labels", label_list(labels)}, {"capabilities", {kCancelling}}}));
  return {};
}

base::Result<FetchedTask> ForgeClient::fetch_task(std::int64_t tasks_version, const std::stop_token& stop) {
  TRY(const auto answer, call("FetchTask", {{"tasksVersion", std::to_string(tasks_version)}}, stop));
  return read_fetched_task(answer);
}

base::Result<TaskAnswer> ForgeClient::update_task(const TaskState& state,
                                                  const std::map<std::string, std::string>& outputs) {
  base::Json body = {{"state", to_json(state)}};
  if (!outputs.empty()) body["outputs"] = outputs;
  TRY(const auto answer, call("UpdateTask", body));
  return read_task_answer(answer);
}

base::Result<std::int64_t> ForgeClient::update_log(const LogUpdate& update) {
  base::Json body = {{"taskId", std::to_string(update.task)},
                     {"index", std::to_string(update.index)},
                     {"rows", to_json(update.rows)}};
  if (update.no_more) body["noMore"] = true;
  const auto end = update.index + static_cast<std::int64_t>(update.rows.size());
  auto answer = call("UpdateLog", body);
  // The answer to the call that closed the log was lost: it has all.
  if (!answer && answer.error().code == "already_exists") return end;
  if (!answer) return std::move(answer).error();
  const auto& ack = base::json_member(*answer, "ackIndex");
  if (ack.is_number_integer()) return ack.get<std::int64_t>();
  return ack.is_string() ? base::parse_integer(ack.get_ref<const std::string&>()).value_or(0) : 0;
}

}  // namespace server
