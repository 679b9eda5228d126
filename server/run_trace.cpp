#include "server/run_trace.h"

#include <fmt/format.h>

#include "base/crypto.h"

namespace server {

namespace {

using base::Json;

constexpr std::size_t kTraceIdDigits = 32;
constexpr std::size_t kSpanIdDigits = 16;
// trace.proto: SpanKind and Status.StatusCode.
constexpr int kInternal = 1;
constexpr int kServer = 2;
constexpr int kOk = 1;
constexpr int kError = 2;

Json attribute(const char* name, const std::string& value) {
  return {{"key", name}, {"value", {{"stringValue", value}}}};
}

std::string nanoseconds(base::WallTime time) {
  return std::to_string(
      std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count());
}

// `cicd.pipeline.result`, and that of a task.
std::string result_of(const std::string& conclusion) {
  if (conclusion == "cancelled") return "cancellation";
  if (conclusion == "skipped") return "skip";
  return conclusion;
}

std::string key_of_job(const std::string& job) {
  return "job " + job;
}

std::string key_of_step(const std::string& job, int step) {
  return fmt::format("step {} {}", step, job);
}

// Those of the runner have no numbers: before the steps and after them.
std::string key_of_step(const runner::RunEvent& event) {
  return event.step == 0 ? fmt::format("step {} of {}", event.text, event.job)
                         : key_of_step(event.job, event.step);
}

}  // namespace

RunTrace::RunTrace(TracedRun run)
    : run_(std::move(run)), id_(base::sha256_hex("run " + run_.id).substr(0, kTraceIdDigits)) {}

std::string RunTrace::span_id(const std::string& key) const {
  return base::sha256_hex(id_ + " " + key).substr(0, kSpanIdDigits);
}

// Version 00, and the flag that the trace is recorded.
std::string RunTrace::parent_for(const std::string& job, int step) const {
  return fmt::format("00-{}-{}-01", id_, span_id(key_of_step(job, step)));
}

Json RunTrace::operator()(const runner::RunEvent& event) {
  if (event.type == "run_started") open_[""] = {"RUN " + run_.pipeline, event.time};
  if (event.type == "job_started") open_[key_of_job(event.job)] = {event.text, event.time};
  if (event.type == "step_started") open_[key_of_step(event)] = {event.text, event.time};
  if (event.type == "run_finished") return end_run(event);
  if (event.type == "job_finished") return end_job(event);
  if (event.type == "step_finished") return end_step(event);
  return nullptr;
}

// Null for what never began: a job that was skipped takes no time.
Json RunTrace::close(const std::string& key, const std::string& conclusion, base::WallTime ended) {
  const auto found = open_.find(key);
  if (found == open_.end()) return nullptr;
  Json span = {{"traceId", id_},
               {"spanId", span_id(key)},
               {"name", found->second.name},
               {"kind", key.empty() ? kServer : kInternal},
               {"startTimeUnixNano", nanoseconds(found->second.started)},
               {"endTimeUnixNano", nanoseconds(ended)},
               {"attributes", Json::array()},
               {"status", {{"code", conclusion == "failure" ? kError : kOk}}}};
  if (conclusion == "failure") span["attributes"].push_back(attribute("error.type", conclusion));
  open_.erase(found);
  return span;
}

Json RunTrace::end_run(const runner::RunEvent& event) {
  auto span = close("", event.text, event.time);
  if (span.is_null()) return span;
  auto& attributes = span["attributes"];
  attributes.push_back(attribute("cicd.pipeline.name", run_.pipeline));
  attributes.push_back(attribute("cicd.pipeline.action.name", "RUN"));
  attributes.push_back(attribute("cicd.pipeline.run.id", run_.id));
  attributes.push_back(attribute("cicd.pipeline.result", result_of(event.text)));
  attributes.push_back(attribute("vcs.repository.name", run_.repository));
  attributes.push_back(attribute("vcs.ref.head.name", run_.ref));
  attributes.push_back(attribute("vcs.ref.head.revision", run_.sha));
  if (!run_.url.empty()) attributes.push_back(attribute("cicd.pipeline.run.url.full", run_.url));
  return span;
}

Json RunTrace::end_job(const runner::RunEvent& event) {
  auto span = close(key_of_job(event.job), event.text, event.time);
  if (span.is_null()) return span;
  span["parentSpanId"] = span_id("");
  span["attributes"].push_back(attribute("cicd.pipeline.task.name", event.job));
  span["attributes"].push_back(attribute("cicd.pipeline.task.run.id", run_.id + "/" + event.job));
  span["attributes"].push_back(attribute("cicd.pipeline.task.run.result", result_of(event.text)));
  return span;
}

Json RunTrace::end_step(const runner::RunEvent& event) {
  const auto conclusion = event.details ? base::json_string(*event.details, "conclusion") : "";
  auto span = close(key_of_step(event), conclusion, event.time);
  if (span.is_null()) return span;
  span["parentSpanId"] = span_id(key_of_job(event.job));
  span["attributes"].push_back(attribute("cicd.pipeline.task.name", event.text));
  span["attributes"].push_back(
      attribute("cicd.pipeline.task.run.id", fmt::format("{}/{}/{}", run_.id, event.job, event.step)));
  span["attributes"].push_back(attribute("cicd.pipeline.task.run.result", result_of(conclusion)));
  return span;
}

Json export_request(const std::string& service, std::vector<Json> spans) {
  const Json resource = {{"attributes", Json::array({attribute("service.name", service)})}};
  const Json scope = {{"scope", {{"name", "pipeline"}}}, {"spans", std::move(spans)}};
  const Json all = {{"resource", resource}, {"scopeSpans", Json::array({scope})}};
  return {{"resourceSpans", Json::array({all})}};
}

}  // namespace server
