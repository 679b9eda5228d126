#include "server/api.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/crypto.h"
#include "base/json.h"
#include "base/strings.h"
#include "runner/run_artifacts.h"
#include "runner/run_owner.h"
#include "server/api_answer.h"
#include "server/run_json.h"
#include "server/run_outline.h"

namespace server {

namespace {

using base::Json;
using base::Result;

constexpr int kMostOnPage = 200;
constexpr std::size_t kArtifactPiece = 256U << 10;

class RunsApi {
 public:
  explicit RunsApi(const ApiParts& parts) : parts_(parts) {}

  Result<Json> list(const Call& call) {
    const auto text = [&](std::string_view name) { return call.request.query_value(name).value_or(""); };
    const auto limit = page_limit(call, kMostOnPage);
    AttemptFilter filter{.repository = text("repository"),
                         .workflow = text("workflow"),
                         .event = text("event"),
                         .actor = text("actor"),
                         .before = number_in(call, "before", 0),
                         .limit = limit};
    if (const auto branch = text("branch"); !branch.empty()) filter.ref = "refs/heads/" + branch;
    TRY(apply_status(text("status"), filter));
    TRY(const auto found, parts_.queue.list(filter));
    Json runs = Json::array();
    for (const auto& attempt : found) runs.push_back(run_json(attempt));
    Json page = {{"runs", std::move(runs)}};
    if (static_cast<int>(found.size()) == limit) page["next"] = found.back().id;
    return page;
  }

  Result<Json> show(const Call& call) {
    TRY(const auto attempt, parts_.queue.find(call.number("id")));
    TRY(auto json, read_outline(folder_of(attempt), attempt.run_attempt));
    json["run"] = run_json(attempt);
    TRY(json["artifacts"], artifacts_of(attempt));
    TRY(const auto rollbacks, parts_.rollbacks.of_attempt(attempt.id));
    json["rollbacks"] = Json::array();
    for (const auto& one : rollbacks) json["rollbacks"].push_back(to_json(one));
    return json;
  }

  Result<Json> cancel(const Call& call) {
    TRY(const auto attempt, parts_.queue.find(call.number("id")));
    if (has_ended(attempt)) return conflict(fmt::format("run {} is over", attempt.id));
    TRY(parts_.queue.cancel(attempt.id, who_asks(call)));
    return run_of(attempt.id);
  }

  // One more attempt of the same run, on the same commit.
  Result<Json> rerun(const Call& call) {
    TRY(const auto attempt, parts_.queue.find(call.number("id")));
    TRY(const auto body, json_body(call));
    for (const auto& [name, value] : body.items()) {
      // What is mistyped would run all again, deployments too.
      if (name != "failed" || !value.is_boolean())
        return base::invalid_input("expected nothing but `failed`, true or false");
    }
    if (!has_ended(attempt)) return conflict(fmt::format("run {} is not over", attempt.id));
    auto again = rerun_of(attempt, base::random_uuid());
    again.only_failed = base::json_bool(body, "failed");
    if (attempt.run_id != 0 && runner::is_running(parts_.state_folder, attempt.run_id)) {
      return conflict(fmt::format(
          "a process still works on run {}, at a command line or until it has ended: wait for its end",
          attempt.id));
    }
    TRY(const auto added, parts_.queue.add(again));
    if (!added.is_new) {
      return conflict(
          fmt::format("run {} is being run again already, as run {}: wait for its end, or cancel it",
                      attempt.id, added.id));
    }
    parts_.on_queued();
    return run_of(added.id);
  }

  // Whoever uploads says of what type a single file is: browsers are to keep it, not to show it.
  base::ServerResponse artifact(const Call& call) {
    const auto attempt = parts_.queue.find(call.number("id"));
    if (!attempt) return refusal(attempt.error());
    auto content = runner::open_artifact_of_run(parts_.state_folder, attempt->run_id, call.part("name"));
    if (!content) return refusal(content.error());
    base::ServerResponse answer{
        .headers = {{"Content-Type", content->media_type == "application/zip" ? content->media_type
                                                                              : "application/octet-stream"},
                    {"Content-Disposition", "attachment"},
                    {"X-Content-Type-Options", "nosniff"}}};
    answer.stream_size = content->size;
    answer.stream = [file = std::make_shared<base::Fd>(std::move(content->file))](std::uint64_t offset) {
      std::string piece(kArtifactPiece, '\0');
      const auto count = ::pread(file->get(), piece.data(), piece.size(), static_cast<off_t>(offset));
      piece.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
      return piece;
    };
    return answer;
  }

  // Of a run that came from a fork, before any job of it.
  Result<Json> decide_run(const Call& call) {
    TRY(const auto body, decision_body(call));
    const auto id = call.number("id");
    TRY(const auto attempt, parts_.queue.find(id));
    if (attempt.state != AttemptState::held)
      return conflict(fmt::format("run {} does not wait to be approved", id));
    if (base::json_bool(body, "approve")) {
      TRY(parts_.queue.release(id, who_asks(call)));
      parts_.on_queued();
    } else {
      TRY(parts_.queue.cancel(id, who_asks(call)));
    }
    return run_of(id);
  }

 private:
  static Result<void> apply_status(const std::string& status, AttemptFilter& filter) {
    if (status == "completed") {
      filter.state = AttemptState::done;
    } else if (status == "in_progress") {
      filter.state = AttemptState::running;
    } else if (status == "waiting") {
      filter.state = AttemptState::held;
    } else if (status == "queued") {
      filter.state = AttemptState::queued;
    } else {
      filter.conclusion = status;
    }
    return {};
  }

  [[nodiscard]] base::Path folder_of(const Attempt& attempt) const {
    return runner::run_folder(parts_.state_folder, attempt.run_id);
  }

  [[nodiscard]] Result<Json> run_of(std::int64_t id) const {
    TRY(const auto attempt, parts_.queue.find(id));
    return Json{{"run", run_json(attempt)}};
  }

  [[nodiscard]] Result<Json> artifacts_of(const Attempt& attempt) const {
    Json all = Json::array();
    if (attempt.run_id == 0) return all;
    TRY(const auto artifacts, runner::artifacts_of_run(parts_.state_folder, attempt.run_id));
    for (const auto& one : artifacts)
      all.push_back({{"name", one.name}, {"size", one.size}, {"digest", "sha256:" + one.sha256}});
    return all;
  }

  ApiParts parts_;
};

Result<Json> list_workers(const ApiParts& parts) {
  const auto state = parts.workers.state();
  TRY(const auto running, parts.queue.list({.state = AttemptState::running, .limit = kMostOnPage}));
  TRY(const auto queued, parts.queue.list({.state = AttemptState::queued, .limit = kMostOnPage}));
  Json workers = Json::array();
  for (const auto& attempt : running) workers.push_back(worker_json(attempt, Claim().lease_seconds));
  return Json{{"capacity", state.capacity},
              {"labels", state.labels},
              {"paused", state.pauses},
              {"queued", queued.size()},
              {"workers", std::move(workers)}};
}

}  // namespace

Result<void> add_api(Routes& routes, const ApiParts& parts) {
  const auto runs = std::make_shared<RunsApi>(parts);
  add_answer(routes, "GET", "/api/runs", [runs](const Call& call) { return runs->list(call); });
  add_answer(routes, "GET", "/api/runs/{id}", [runs](const Call& call) { return runs->show(call); });
  routes.add("GET", "/api/runs/{id}/artifacts/{name}", Access::read,
             [runs](const Call& call) { return runs->artifact(call); });
  add_answer(routes, "POST", "/api/runs/{id}/cancel",
             [runs](const Call& call) { return runs->cancel(call); });
  add_answer(routes, "POST", "/api/runs/{id}/rerun", [runs](const Call& call) { return runs->rerun(call); });
  add_answer(routes, "POST", "/api/runs/{id}/decision",
             [runs](const Call& call) { return runs->decide_run(call); });
  add_answer(routes, "GET", "/api/workers", [parts](const Call&) { return list_workers(parts); });
  routes.add("GET", "/api/runs/{id}/events", Access::read,
             [&feed = parts.feed](const Call& call) { return feed.stream(call); });
  add_job_api(routes, parts);
  add_rollback_api(routes, parts);
  add_secret_api(routes, parts);
  return add_delivery_api(routes, parts);
}

}  // namespace server
