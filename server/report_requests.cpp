#include "server/report_requests.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/clock.h"
#include "base/json.h"
#include "base/strings.h"

namespace server {

namespace {

constexpr std::size_t kLongestText = 65'535;        // summary and text of a check run
constexpr std::size_t kLongestMessage = 64U << 10;  // of an annotation
constexpr std::size_t kLongestDescription = 140;    // of a status
constexpr std::array<std::string_view, 6> kConclusions{"success", "failure",   "cancelled",
                                                       "skipped", "timed_out", "action_required"};

std::string iso_time(double epoch) {
  return base::format_iso8601(base::from_epoch_seconds(epoch));
}

// What GitHub has no word for did not pass.
std::string known_conclusion(const std::string& conclusion) {
  const bool known = std::find(kConclusions.begin(), kConclusions.end(), conclusion) != kConclusions.end();
  return known ? conclusion : "failure";
}

base::Json check_annotation(const base::Json& annotation) {
  const auto line = std::max<std::int64_t>(1, base::json_integer(annotation, "line", 1));
  const auto level = base::json_string(annotation, "level", "failure");
  base::Json body = {{"path", base::json_string(annotation, "path", ".github")},
                     {"start_line", line},
                     {"end_line", std::max(line, base::json_integer(annotation, "end_line", line))},
                     {"annotation_level", level},
                     {"message", std::string(base::clipped(base::json_string(annotation, "message", "-"),
                                                           kLongestMessage))}};
  const auto title = base::json_string(annotation, "title");
  if (!title.empty()) body["title"] = std::string(base::clipped(title, 255));
  return body;
}

std::string status_state(const Report& report) {
  if (report.state != "completed") return "pending";
  if (report.conclusion == "success" || report.conclusion == "skipped") return "success";
  return report.conclusion == "failure" ? "failure" : "error";
}

}  // namespace

std::string attempt_report_id(std::int64_t attempt) {
  return fmt::format("attempt-{}", attempt);
}

base::Json to_json(const Report& report) {
  return {{"id", report.id},
          {"kind", report.kind == ReportKind::deployment ? "deployment" : "run"},
          {"repository", report.repository},
          {"sha", report.sha},
          {"name", report.name},
          {"state", report.state},
          {"conclusion", report.conclusion},
          {"title", report.title},
          {"summary", report.summary},
          {"details_url", report.details_url},
          {"started", report.started},
          {"completed", report.completed},
          {"annotations", report.annotations},
          {"environment", report.environment},
          {"environment_url", report.environment_url}};
}

Report report_from_json(const base::Json& json) {
  return {.kind = base::json_string(json, "kind") == "deployment" ? ReportKind::deployment : ReportKind::run,
          .id = base::json_string(json, "id"),
          .repository = base::json_string(json, "repository"),
          .sha = base::json_string(json, "sha"),
          .name = base::json_string(json, "name"),
          .state = base::json_string(json, "state"),
          .conclusion = base::json_string(json, "conclusion"),
          .title = base::json_string(json, "title"),
          .summary = base::json_string(json, "summary"),
          .details_url = base::json_string(json, "details_url"),
          .started = base::json_number(json, "started"),
          .completed = base::json_number(json, "completed"),
          .annotations = base::json_member(json, "annotations"),
          .environment = base::json_string(json, "environment"),
          .environment_url = base::json_string(json, "environment_url")};
}

std::size_t annotation_batches(const Report& report) {
  if (report.state != "completed" || !report.annotations.is_array()) return 0;
  return (report.annotations.size() + kAnnotationsAtOnce - 1) / kAnnotationsAtOnce;
}

base::Json check_run_body(const Report& report, std::size_t batch) {
  base::Json body = {
      {"name", report.name}, {"head_sha", report.sha}, {"external_id", report.id}, {"status", report.state}};
  if (!report.details_url.empty()) body["details_url"] = report.details_url;
  if (report.started > 0) body["started_at"] = iso_time(report.started);
  if (report.state == "completed") {
    body["conclusion"] = known_conclusion(report.conclusion);
    body["completed_at"] = iso_time(report.completed);
  }
  base::Json output = {{"title", report.title},
                       {"summary", std::string(base::clipped(report.summary, kLongestText))}};
  if (batch < annotation_batches(report)) {
    base::Json annotations = base::Json::array();
    const auto end = std::min(report.annotations.size(), (batch + 1) * kAnnotationsAtOnce);
    for (std::size_t i = batch * kAnnotationsAtOnce; i < end; ++i)
      annotations.push_back(check_annotation(report.annotations[i]));
    output["annotations"] = std::move(annotations);
  }
  body["output"] = std::move(output);
  return body;
}

base::Json status_body(const Report& report) {
  base::Json body = {{"state", status_state(report)},
                     {"context", "pipeline / " + report.name},
                     {"description", std::string(base::clipped(report.title, kLongestDescription))}};
  if (!report.details_url.empty()) body["target_url"] = report.details_url;
  return body;
}

base::Json deployment_body(const Report& report) {
  return {{"ref", report.sha},
          {"task", "deploy"},
          {"auto_merge", false},
          // The run that deploys is a check of the commit itself, and goes on.
          {"required_contexts", base::Json::array()},
          {"environment", report.environment},
          {"description", std::string(base::clipped(report.name, kLongestDescription))},
          {"payload", {{"pipeline", report.id}}}};
}

base::Json deployment_status_body(const Report& report) {
  base::Json body = {{"state", report.state},
                     {"description", std::string(base::clipped(report.title, kLongestDescription))}};
  if (!report.details_url.empty()) body["log_url"] = report.details_url;
  if (!report.environment_url.empty()) body["environment_url"] = report.environment_url;
  return body;
}

std::string gitea_api_of(const std::string& repository_url) {
  const auto host = repository_url.find("://");
  const auto path = host == std::string::npos ? host : repository_url.find('/', host + 3);
  return repository_url.substr(0, path) + "/api/v1";
}

}  // namespace server
