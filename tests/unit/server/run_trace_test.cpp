#include "server/run_trace.h"

#include <gtest/gtest.h>

#include <set>

#include "server/trace_exporter.h"
#include "tests/fakes/fake_http_client.h"

namespace server {
namespace {

using base::json_string;

runner::RunEvent event(std::string type, std::string job, int step, int second) {
  runner::RunEvent made{
      .time = base::from_epoch_seconds(second), .type = std::move(type), .job = std::move(job)};
  made.step = step;
  return made;
}

TEST(RunTraceTest, EachSpanIsBelowTheOneThatItIsPartOf) {
  RunTrace trace({.id = "acme/shop-1", .pipeline = "CI"});
  EXPECT_TRUE(trace(event("run_started", "", 0, 1)).is_null());
  EXPECT_TRUE(trace(event("job_started", "a", 0, 2)).is_null());
  EXPECT_TRUE(trace(event("step_started", "a", 1, 3)).is_null());
  const auto step = trace(event("step_finished", "a", 1, 4));
  const auto job = trace(event("job_finished", "a", 0, 5));
  auto last = event("run_finished", "", 0, 6);
  last.text = "failure";
  const auto run = trace(last);
  EXPECT_EQ(json_string(step, "parentSpanId"), json_string(job, "spanId"));
  EXPECT_EQ(json_string(job, "parentSpanId"), json_string(run, "spanId"));
  EXPECT_FALSE(run.contains("parentSpanId"));
  EXPECT_EQ(json_string(run, "startTimeUnixNano"), "1000000000");
  EXPECT_EQ(json_string(run, "endTimeUnixNano"), "6000000000");
  EXPECT_EQ(run["status"]["code"], 2);
  EXPECT_EQ(json_string(run, "traceId"), trace.id());
  EXPECT_EQ(trace.id().size(), 32U);
}

TEST(RunTraceTest, ProgramsOfAStepGoOnWithItsSpan) {
  RunTrace trace({.id = "acme/shop-1", .pipeline = "CI"});
  EXPECT_TRUE(trace(event("step_started", "a", 1, 3)).is_null());
  const auto step = trace(event("step_finished", "a", 1, 4));
  EXPECT_EQ(trace.parent_for("a", 1), "00-" + trace.id() + "-" + json_string(step, "spanId") + "-01");
}

TEST(RunTraceTest, WhatTheRunnerDoesBeforeAndAfterTheStepsHasSpansOfItsOwn) {
  RunTrace trace({.id = "1", .pipeline = "CI"});
  std::set<std::string> spans;
  for (const auto* name : {"Set up job", "Complete job"}) {
    for (const auto* type : {"step_started", "step_finished"}) {
      auto one = event(type, "a", 0, 3);
      one.text = name;
      const auto span = trace(one);
      if (!span.is_null()) spans.insert(json_string(span, "spanId"));
    }
  }
  EXPECT_EQ(spans.size(), 2U);
}

TEST(RunTraceTest, AJobThatWasSkippedTakesNoTime) {
  RunTrace trace({.id = "1", .pipeline = "CI"});
  EXPECT_TRUE(trace(event("job_finished", "a", 0, 5)).is_null());
}

TEST(TraceExporterTest, TakesItsTargetFromTheVariablesOfOpenTelemetry) {
  const auto target = trace_target([](const char* name) -> const char* {
    const std::string_view asked = name;
    if (asked == "OTEL_EXPORTER_OTLP_ENDPOINT") return "http://collector:4318/";
    return asked == "OTEL_EXPORTER_OTLP_HEADERS" ? "a=1, b=x%20y,broken" : nullptr;
  });
  ASSERT_TRUE(target);
  EXPECT_EQ(target->url, "http://collector:4318/v1/traces");
  EXPECT_EQ(base::header_value(target->headers, "b").value_or(""), "x y");
  EXPECT_FALSE(trace_target([](const char*) -> const char* { return nullptr; }));
}

TEST(TraceExporterTest, DropsWhatDoesNotFitWhenTheCollectorIsDown) {
  fakes::FakeHttpClient http([](const base::HttpRequest&) -> base::Result<base::HttpResponse> {
    return base::make_error(base::ErrorKind::unavailable, "connection refused");
  });
  constexpr std::size_t kMany = 5 * TraceExporter::kMostWaiting;
  TraceExporter exporter({.url = "http://collector/v1/traces"}, http);
  for (std::size_t i = 0; i < kMany; ++i) exporter.add({{"name", i}});
  EXPECT_GE(exporter.dropped(), kMany - 2 * TraceExporter::kMostWaiting);
}

}  // namespace
}  // namespace server
