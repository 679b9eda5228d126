#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "runner/approvals.h"
#include "runner/run_log.h"
#include "runner/run_owner.h"
#include "server/api.h"
#include "server/api_answer.h"
#include "server/run_outline.h"

namespace server {

namespace {

using base::Json;
using base::Result;

constexpr std::int64_t kMostLines = 5000;
constexpr std::int64_t kUsualLines = 500;
constexpr std::size_t kTextPiece = 64U << 10;
constexpr const char* kGone = "the log is gone: it was removed as too old, or by hand";
constexpr const char* kDamage = "the log is damaged: what can be read of it is shown";

class JobApi {
 public:
  explicit JobApi(const ApiParts& parts) : parts_(parts) {}

  Result<Json> show_lines(const Call& call) {
    TRY(const auto attempt, parts_.queue.find(call.number("id")));
    TRY(const auto job, job_of(attempt, call.part("job")));
    const auto total = base::json_integer(job, "lines");
    const auto from = std::max<std::int64_t>(1, number_in(call, "from", 1));
    const auto count = std::clamp<std::int64_t>(number_in(call, "count", kUsualLines), 1, kMostLines);
    Json lines = Json::array();
    auto cursor = open_log(call, attempt, static_cast<std::uint64_t>(from));
    if (!cursor && cursor.error().kind != base::ErrorKind::not_found) return cursor.error();
    bool damaged = false;
    while (cursor && static_cast<std::int64_t>(lines.size()) < count) {
      TRY(const auto entry, cursor->next());
      if (!entry) {
        const auto last = from - 1 + static_cast<std::int64_t>(lines.size());
        damaged = has_ended(attempt) && !call.request.query_value("step") && last < total;
        break;
      }
      if (entry->line > 0) lines.push_back(line_json(*entry));
    }
    damaged = damaged || (cursor && cursor->is_damaged());
    Json page = {{"from", from}, {"total", total}, {"lines", std::move(lines)}};
    if (damaged) page["damaged"] = kDamage;
    if (!cursor && has_ended(attempt) && total > 0) page["damaged"] = kGone;
    return page;
  }

  // The whole log, as it is by now.
  base::ServerResponse show_text(const Call& call) {
    const auto attempt = parts_.queue.find(call.number("id"));
    if (!attempt) return refusal(attempt.error());
    const auto job = job_of(*attempt, call.part("job"));
    if (!job) return refusal(job.error());
    auto cursor = open_log(call, *attempt, 1);
    if (!cursor) return refusal(cursor.error());
    base::ServerResponse answer{
        .headers = {{"Content-Type", "text/plain; charset=utf-8"}, {"X-Content-Type-Options", "nosniff"}}};
    const auto total =
        has_ended(*attempt) && !call.request.query_value("step") ? base::json_integer(*job, "lines") : 0;
    answer.pour = [log = std::make_shared<runner::LogCursor>(*std::move(cursor)), total](const auto& write) {
      std::string piece;
      std::int64_t lines = 0;
      for (auto entry = log->next(); entry && *entry; entry = log->next()) {
        if ((*entry)->line == 0) continue;
        ++lines;
        piece += (*entry)->event.text + "\n";
        if (piece.size() < kTextPiece) continue;
        if (!write(piece)) return;
        piece.clear();
      }
      if (log->is_damaged() || lines < total) piece += fmt::format("[{}]\n", kDamage);
      (void)write(piece);
    };
    return answer;
  }

  // An environment is decided on for all jobs of the run that wait for it.
  Result<Json> decide(const Call& call) {
    TRY(const auto body, decision_body(call));
    TRY(const auto attempt, parts_.queue.find(call.number("id")));
    TRY(const auto job, job_of(attempt, call.part("job")));
    TRY(auto approvals, runner::Approvals::open(parts_.state_folder));
    TRY(const auto pending, approvals.pending(attempt.run_id));
    const auto reason = base::json_string(job, "reason");
    for (const auto& one : pending) {
      if (reason.find("'" + one.environment + "'") == std::string::npos) continue;
      const auto decision =
          base::json_bool(body, "approve") ? runner::Decision::approved : runner::Decision::rejected;
      TRY(approvals.decide(attempt.run_id, one.environment, decision, who_asks(call),
                           base::json_string(body, "comment")));
      return Json{{"environment", one.environment}, {"approved", base::json_bool(body, "approve")}};
    }
    return conflict(fmt::format("the job {} does not wait to be approved", call.part("job")));
  }

 private:
  [[nodiscard]] Result<Json> job_of(const Attempt& attempt, const std::string& key) const {
    TRY(const auto outline,
        read_outline(runner::run_folder(parts_.state_folder, attempt.run_id), attempt.run_attempt));
    for (const auto& job : base::json_member(outline, "jobs")) {
      if (base::json_string(job, "key") == key) return job;
    }
    return base::make_error(base::ErrorKind::not_found,
                            fmt::format("run {} has no job '{}'", attempt.id, key));
  }

  [[nodiscard]] Result<runner::LogCursor> open_log(const Call& call, const Attempt& attempt,
                                                   std::uint64_t from) const {
    return runner::LogCursor::open(runner::run_folder(parts_.state_folder, attempt.run_id),
                                   {.attempt = static_cast<std::uint32_t>(attempt.run_attempt),
                                    .job = call.part("job"),
                                    .step = static_cast<int>(number_in(call, "step", -1))},
                                   from);
  }

  static Json line_json(const runner::LogEntry& entry) {
    const auto whole = base::parse_json(runner::to_json_line(entry.event));
    return {{"line", entry.line},
            {"time", base::format_iso8601(entry.event.time)},
            {"step", entry.event.step},
            {"kind", whole ? base::json_string(*whole, "kind", "output") : "output"},
            {"text", whole ? base::json_string(*whole, "text") : ""}};
  }

  ApiParts parts_;
};

}  // namespace

void add_job_api(Routes& routes, const ApiParts& parts) {
  const auto jobs = std::make_shared<JobApi>(parts);
  routes.add("GET", "/api/runs/{id}/jobs/{job}/log", Access::read, [jobs](const Call& call) {
    if (call.request.query_value("format").value_or("json") == "text") return jobs->show_text(call);
    const auto lines = jobs->show_lines(call);
    return lines ? json_answer(200, *lines) : refusal(lines.error());
  });
  add_answer(routes, "POST", "/api/runs/{id}/jobs/{job}/decision",
             [jobs](const Call& call) { return jobs->decide(call); });
}

}  // namespace server
