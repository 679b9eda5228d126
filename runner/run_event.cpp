#include "runner/run_event.h"

#include <utility>

#include "base/json.h"

namespace runner {

namespace {

std::string_view name_of(steps::LineKind kind) {
  switch (kind) {
    case steps::LineKind::output:
      return "output";
    case steps::LineKind::detail:
      return "detail";
    case steps::LineKind::command:
      return "command";
    case steps::LineKind::group:
      return "group";
    case steps::LineKind::endgroup:
      return "endgroup";
    case steps::LineKind::debug:
      return "debug";
    case steps::LineKind::notice:
      return "notice";
    case steps::LineKind::warning:
      return "warning";
    case steps::LineKind::error:
      return "error";
  }
  return "output";
}

}  // namespace

std::string to_json_line(const RunEvent& event) {
  base::Json json;
  json["time"] = base::format_iso8601(event.time);
  json["type"] = event.type;
  if (!event.job.empty()) json["job"] = event.job;
  if (event.step > 0) json["step"] = event.step;
  const bool is_line = event.type == "line" || event.type == "annotation";
  if (is_line) json["kind"] = name_of(event.kind);
  if (is_line || !event.text.empty()) json["text"] = event.text;
  if (event.details && event.details->is_object()) {
    for (const auto& [key, value] : event.details->items()) {
      if (!json.contains(key)) json[key] = value;  // what a step reports is not who it is
    }
  }
  return base::to_text(json);
}

void EventStream::add_reader(Reader reader) {
  const std::lock_guard lock(mutex_);
  readers_.push_back(std::move(reader));
}

void EventStream::publish(RunEvent event) {
  const std::lock_guard lock(mutex_);
  event.time = base::system_clock().now();
  for (const auto& reader : readers_) reader(event);
}

void EventStream::publish(std::string type, std::string job, std::string text, const base::Json& details) {
  publish({.type = std::move(type),
           .job = std::move(job),
           .text = std::move(text),
           .details = std::make_shared<const base::Json>(details)});
}

}  // namespace runner
