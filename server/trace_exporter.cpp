#include "server/trace_exporter.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "base/strings.h"
#include "server/run_trace.h"

namespace server {

namespace {

constexpr std::chrono::seconds kSendsEvery{1};
constexpr std::chrono::milliseconds kLongestRequest{2000};

std::string text_of(const char* (*variable)(const char* name), const char* name) {
  const char* value = variable(name);
  return value == nullptr ? "" : value;
}

}  // namespace

std::optional<TraceTarget> trace_target(const char* (*variable)(const char* name)) {
  TraceTarget target{.url = text_of(variable, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")};
  if (target.url.empty()) {
    target.url = text_of(variable, "OTEL_EXPORTER_OTLP_ENDPOINT");
    if (target.url.empty()) return std::nullopt;
    while (target.url.ends_with('/')) target.url.pop_back();
    target.url += "/v1/traces";
  }
  for (const auto& pair : base::split(text_of(variable, "OTEL_EXPORTER_OTLP_HEADERS"), ',')) {
    const auto equals = pair.find('=');
    if (equals == std::string::npos) continue;
    target.headers.emplace(base::trim(std::string_view(pair).substr(0, equals)),
                           base::percent_decode(base::trim(std::string_view(pair).substr(equals + 1))));
  }
  if (const auto service = text_of(variable, "OTEL_SERVICE_NAME"); !service.empty()) target.service = service;
  return target;
}

TraceExporter::TraceExporter(TraceTarget target, base::HttpClient& http)
    : target_(std::move(target)),
      http_(http),
      thread_([this](const std::stop_token& stop) { send_all(stop); }) {
  target_.headers.emplace("Content-Type", "application/json");
}

TraceExporter::~TraceExporter() {
  thread_.request_stop();
  thread_.join();
  if (!waiting_.empty() && !send(waiting_)) dropped_ += waiting_.size();
  if (dropped_ > 0) {
    base::log(
        base::LogLevel::warning,
        fmt::format("{} spans of the run's trace were dropped: {} did not take them", dropped_, target_.url));
  }
}

void TraceExporter::add(base::Json span) {
  const std::lock_guard lock(mutex_);
  if (waiting_.size() >= kMostWaiting) {
    ++dropped_;
    return;
  }
  waiting_.push_back(std::move(span));
}

std::size_t TraceExporter::dropped() {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

void TraceExporter::send_all(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::vector<base::Json> spans;
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, stop, kSendsEvery, [] { return false; });
      if (stop.stop_requested()) return;
      spans.swap(waiting_);
    }
    if (!spans.empty() && !send(spans)) put_back(std::move(spans));
  }
}

// The newest are dropped: what is kept is a trace that begins.
void TraceExporter::put_back(std::vector<base::Json> spans) {
  const std::lock_guard lock(mutex_);
  const auto room = kMostWaiting - std::min(kMostWaiting, spans.size());
  const auto kept = std::min(room, waiting_.size());
  dropped_ += waiting_.size() - kept;
  waiting_.resize(kept);
  spans.insert(spans.end(), std::make_move_iterator(waiting_.begin()),
               std::make_move_iterator(waiting_.end()));
  waiting_ = std::move(spans);
}

// What the collector refuses for good is not sent again, as if it had been taken.
bool TraceExporter::send(const std::vector<base::Json>& spans) {
  const auto answer = http_.send({.method = "POST",
                                  .url = target_.url,
                                  .headers = target_.headers,
                                  .body = base::to_text(export_request(target_.service, spans)),
                                  .connect_timeout = kLongestRequest,
                                  .timeout = kLongestRequest});
  return answer && answer->status != 429 && answer->status < 500;
}

}  // namespace server
