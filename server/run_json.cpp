#include "server/run_json.h"

#include <algorithm>

#include "base/json.h"
#include "base/strings.h"

namespace server {

namespace {

void add_time(base::Json& json, const char* name, double seconds) {
  if (seconds > 0) json[name] = base::format_iso8601(base::from_epoch_seconds(seconds));
}

void add_text(base::Json& json, const char* name, const std::string& text) {
  if (!text.empty()) json[name] = text;
}

const char* status_of(const Attempt& attempt) {
  switch (attempt.state) {
    case AttemptState::held:
      return "waiting";
    case AttemptState::queued:
      return "queued";
    case AttemptState::running:
      return "in_progress";
    case AttemptState::done:
    case AttemptState::unknown:
      return "completed";
  }
  return "completed";
}

}  // namespace

base::Json run_json(const Attempt& attempt) {
  base::Json json = {{"id", attempt.id},
                     {"number", attempt.run_number},
                     {"attempt", std::max<std::int64_t>(1, attempt.run_attempt)},
                     {"workflow", attempt.workflow},
                     {"name", attempt.name},
                     {"repository", attempt.repository},
                     {"event", attempt.event},
                     {"ref", attempt.ref},
                     {"sha", attempt.sha},
                     {"actor", attempt.actor},
                     {"title", attempt.title},
                     {"delivery", attempt.delivery},
                     {"trust", attempt.trust == Trust::fork ? "fork" : "full"},
                     {"status", status_of(attempt)}};
  if (attempt.run_id != 0) json["run_id"] = attempt.run_id;
  if (attempt.retry_of != 0) json["retry_of"] = attempt.retry_of;
  add_text(json, "conclusion", attempt.conclusion);
  add_text(json, "reason", attempt.reason);
  add_text(json, "cancelled_by", attempt.cancel);
  add_time(json, "queued_at", attempt.queued);
  add_time(json, "started_at", attempt.started);
  add_time(json, "finished_at", attempt.finished);
  return json;
}

base::Json delivery_json(const Delivery& delivery) {
  base::Json json = {{"id", delivery.id},
                     {"forge", delivery.source},
                     {"guid", delivery.guid},
                     {"event", delivery.event},
                     {"repository", delivery.repository}};
  add_time(json, "received_at", delivery.received);
  json["verdict"] = "pending";
  const auto verdict = base::parse_json(delivery.verdict);
  if (verdict && verdict->is_object()) json.update(*verdict);
  return json;
}

base::Json worker_json(const Attempt& attempt, double lease_seconds) {
  base::Json json = {
      {"run", attempt.id},
      {"attempt", std::max<std::int64_t>(1, attempt.run_attempt)},
      {"fence", attempt.fence},
      {"pid", base::parse_integer(attempt.process.substr(0, attempt.process.find(' '))).value_or(0)}};
  add_time(json, "since", attempt.started);
  add_time(json, "heartbeat", attempt.lease_until - lease_seconds);
  return json;
}

}  // namespace server
