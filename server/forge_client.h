#pragma once
// The calls of runner.v1 (services.proto) to a Gitea or Forgejo, as Connect's unary JSON over HTTP: POST to
// INSTANCE/api/actions/runner.v1.RunnerService/METHOD. One call each; who calls again after a fault is
// task_report and task_poller.

#include <stop_token>

#include "base/http_client.h"
#include "server/runner_protocol.h"

namespace server {

struct RegisterRequest {
  std::string name;
  std::string token;  ///< that the forge gives out for registrations; secret
  std::vector<std::string> labels;
  bool ephemeral = false;
};

struct LogUpdate {
  std::int64_t task = 0;
  std::int64_t index = 0;  ///< of the first row
  std::vector<LogRow> rows;
  bool no_more = false;
};

struct ForgeAddress {
  std::string instance;  ///< as the forge's users have it
  std::string version;   ///< of this program, which the forge shows
};

/// May be used from several threads at once. Errors: denied (the forge does not know the runner, or the token
/// is wrong), unavailable (the same call may go through later), not_found (no runner.v1 there), remote.
class ForgeClient {
 public:
  ForgeClient(base::HttpClient& http, ForgeAddress forge, RunnerIdentity runner = {});

  base::Result<RunnerIdentity> enroll(const RegisterRequest& request);
  base::Result<void> declare(const std::vector<std::string>& labels);
  base::Result<FetchedTask> fetch_task(std::int64_t tasks_version, const std::stop_token& stop);
  base::Result<TaskAnswer> update_task(const TaskState& state,
                                       const std::map<std::string, std::string>& outputs);
  /// How many rows the forge has by now. Of a log that it has closed all that were sent.
  base::Result<std::int64_t> update_log(const LogUpdate& update);

 private:
  base::Result<base::Json> call(const char* method, const base::Json& body, const std::stop_token& stop = {});

  base::HttpClient& http_;
  ForgeAddress forge_;
  RunnerIdentity runner_;
};

}  // namespace server
