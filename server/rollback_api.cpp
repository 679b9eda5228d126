#include <fmt/format.h>

#include "base/json.h"
#include "base/strings.h"
#include "runner/run_owner.h"
#include "server/api.h"
#include "server/api_answer.h"
#include "server/run_json.h"
#include "server/run_outline.h"

namespace server {

namespace {

using base::Json;
using base::json_string;
using base::Result;

// Of the services that the job itself has rolled out: its only one, or the one that is named.
Result<Json> chosen_rollout(const ApiParts& parts, const Call& call, const Attempt& attempt) {
  TRY(const auto body, json_body(call));
  const auto wanted = json_string(body, "service");
  const auto& job = call.part("job");
  TRY(const auto outline,
      read_outline(runner::run_folder(parts.state_folder, attempt.run_id), attempt.run_attempt));
  std::vector<Json> found;
  std::vector<std::string> services;
  for (const auto& rollout : base::json_member(outline, "rollouts")) {
    const auto service = json_string(rollout, "service");
    if (json_string(rollout, "job") != job || service.empty()) continue;
    services.push_back(service);
    if (wanted.empty() || wanted == service) found.push_back(rollout);
  }
  if (found.size() == 1) return found.front();
  if (services.empty())
    return conflict(fmt::format("the job {} of run {} has rolled nothing out", job, attempt.id));
  return conflict(fmt::format("expected `service` to be one that the job {} of run {} has rolled out: {}",
                              job, attempt.id, base::join(services, ", ")));
}

Result<Json> take_back(const ApiParts& parts, const Call& call) {
  TRY(const auto attempt, parts.queue.find(call.number("id")));
  TRY(const auto rollout, chosen_rollout(parts, call, attempt));
  TRY(const auto begun, parts.rollbacks.ask({.attempt = attempt.id,
                                             .job = call.part("job"),
                                             .cluster = json_string(rollout, "cluster", "default"),
                                             .service = json_string(rollout, "service"),
                                             .by = who_asks(call)}));
  if (begun) return Json{{"rollback", to_json(*begun)}};
  return conflict(fmt::format("{} is being taken back already", json_string(rollout, "service")));
}

}  // namespace

void add_rollback_api(Routes& routes, const ApiParts& parts) {
  add_answer(routes, "POST", "/api/runs/{id}/jobs/{job}/rollback",
             [parts](const Call& call) { return take_back(parts, call); });
}

}  // namespace server
