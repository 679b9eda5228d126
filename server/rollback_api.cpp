#include <fmt/format.h>

#include "base/json.h"
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

// The service is the one of the job's own rollout: who asks names none.
Result<Json> take_back(const ApiParts& parts, const Call& call) {
  TRY(const auto body, json_body(call));
  TRY(const auto attempt, parts.queue.find(call.number("id")));
  const auto& job = call.part("job");
  TRY(const auto outline,
      read_outline(runner::run_folder(parts.state_folder, attempt.run_id), attempt.run_attempt));
  for (const auto& rollout : base::json_member(outline, "rollouts")) {
    if (json_string(rollout, "job") != job || json_string(rollout, "service").empty()) continue;
    TRY(const auto begun, parts.rollbacks.ask({.attempt = attempt.id,
                                               .job = job,
                                               .cluster = json_string(rollout, "cluster", "default"),
                                               .service = json_string(rollout, "service"),
                                               .by = who_asks(call)}));
    if (begun) return Json{{"rollback", to_json(*begun)}};
    return conflict(fmt::format("{} is being taken back already", json_string(rollout, "service")));
  }
  return conflict(fmt::format("the job {} of run {} has rolled nothing out", job, attempt.id));
}

}  // namespace

void add_rollback_api(Routes& routes, const ApiParts& parts) {
  add_answer(routes, "POST", "/api/runs/{id}/jobs/{job}/rollback",
             [parts](const Call& call) { return take_back(parts, call); });
}

}  // namespace server
