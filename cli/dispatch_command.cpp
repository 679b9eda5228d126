#include <fmt/format.h>

#include <cstdlib>

#include "base/http_client.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/run_inputs.h"

namespace cli {

namespace {

constexpr std::chrono::seconds kAnswerTime{30};

std::string environment_value(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

base::Result<std::int64_t> dispatch(const DispatchFlags& flags) {
  const auto server = flags.server.empty() ? environment_value("PIPELINE_SERVER") : flags.server;
  if (server.empty())
    return base::invalid_input("expected --server URL, or PIPELINE_SERVER in the environment");
  const auto token = environment_value("PIPELINE_TOKEN");
  if (token.empty()) {
    return base::invalid_input(
        "expected a token with the scope `run` in PIPELINE_TOKEN: an argument could be seen by others");
  }
  TRY(const auto inputs, parse_pairs(flags.inputs, BareName::refused));
  base::Json body = {{"repository", flags.repository}, {"workflow", flags.workflow}, {"inputs", inputs}};
  if (!flags.ref.empty()) body["ref"] = flags.ref;
  base::HttpRequest request{.method = "POST", .url = server + "/api/dispatch", .body = base::to_text(body)};
  request.headers.emplace("Authorization", "Bearer " + token);
  request.headers.emplace("Content-Type", "application/json");
  request.timeout = kAnswerTime;
  const auto http = base::make_curl_http_client();
  TRY(const auto response, http->send(request));
  const auto answer = base::parse_json(response.body);
  if (response.status == 202 && answer) return base::json_integer(base::json_member(*answer, "run"), "id");
  const auto said = answer ? base::json_string(base::json_member(*answer, "error"), "message") : "";
  return base::make_error(response.status < 500 ? base::ErrorKind::invalid_input : base::ErrorKind::remote,
                          fmt::format("{} answered {}: {}", server, response.status, said));
}

}  // namespace

int dispatch_command(const DispatchFlags& flags) {
  const auto run = dispatch(flags);
  if (!run) return complain(run.error());
  fmt::print("run {}\n", *run);
  return kPassed;
}

}  // namespace cli
