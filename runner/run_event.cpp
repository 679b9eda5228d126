#include "runner/run_event.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <utility>

#include "base/json.h"
#include "base/strings.h"

namespace runner {

namespace {

// In the order of the enumeration.
constexpr std::array<std::string_view, 10> kKinds{"output", "detail", "command", "group", "endgroup",
                                                  "debug",  "notice", "warning", "error", "script"};

std::string_view name_of(steps::LineKind kind) {
  return kKinds.at(static_cast<std::size_t>(kind));
}

steps::LineKind kind_of(std::string_view name) {
  const auto* const found = std::find(kKinds.begin(), kKinds.end(), name);
  return found == kKinds.end() ? steps::LineKind::output
                               : static_cast<steps::LineKind>(found - kKinds.begin());
}

// 2026-08-17T09:15:02.123Z, as format_iso8601 writes it.
base::WallTime time_of(const std::string& text) {
  std::tm parts{};
  const char* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (rest == nullptr) return {};
  auto time = std::chrono::system_clock::from_time_t(::timegm(&parts));
  if (*rest == '.') {
    const auto digits = std::string_view(rest).substr(1, 3);
    time += std::chrono::milliseconds(base::parse_integer(digits).value_or(0));
  }
  return time;
}

}  // namespace

std::string to_json_line(const RunEvent& event) {
  std::string line;
  append_json_line(line, event);
  return line;
}

void append_json_line(std::string& line, const RunEvent& event) {
  const bool is_line = event.type == "line" || event.type == "annotation";
  line.reserve(line.size() + event.text.size() + event.text.size() / 16 + 128);
  line += R"({"time":)";
  base::append_json_text(line, base::format_iso8601(event.time));
  const auto add = [&line](std::string_view key, std::string_view text) {
    line += ",";
    base::append_json_text(line, key);
    line += ":";
    base::append_json_text(line, text);
  };
  add("type", event.type);
  if (!event.job.empty()) add("job", event.job);
  if (event.step > 0) line += fmt::format(R"(,"step":{})", event.step);
  if (is_line) add("kind", name_of(event.kind));
  const bool has_text = is_line || !event.text.empty();
  if (has_text) add("text", event.text);
  if (event.details && event.details->is_object()) {
    for (const auto& [key, value] : event.details->items()) {
      // What a step reports is not who it is.
      const bool is_taken = key == "time" || key == "type" || (key == "job" && !event.job.empty()) ||
                            (key == "step" && event.step > 0) || (key == "kind" && is_line) ||
                            (key == "text" && has_text);
      if (is_taken) continue;
      line += ",";
      base::append_json_text(line, key);
      line += ":" + base::to_text(value);
    }
  }
  line += '}';
}

std::size_t count_lines(const RunEvent& event) {
  return event.type == "line" ? 1 + base::count_of(event.text, '\n') : 1;
}

std::vector<std::string_view> last_lines(const RunEvent& event, std::size_t most) {
  std::vector<std::string_view> last;
  std::string_view rest = event.text;
  while (last.size() < most) {
    const auto newline = base::find_last(rest, '\n');
    last.push_back(rest.substr(newline + 1));
    if (newline == std::string_view::npos) break;
    rest = rest.substr(0, newline);
  }
  std::reverse(last.begin(), last.end());
  return last;
}

std::vector<RunEvent> line_by_line(const RunEvent& event) {
  if (event.type != "line" || event.text.find('\n') == std::string::npos) return {event};
  std::vector<RunEvent> lines;
  for (auto& text : base::split(event.text, '\n')) {
    lines.push_back({.time = event.time,
                     .type = event.type,
                     .job = event.job,
                     .step = event.step,
                     .kind = event.kind,
                     .text = std::move(text),
                     .details = event.details});
  }
  return lines;
}

base::Result<RunEvent> parse_event(std::string_view line) {
  TRY(auto json, base::parse_json(line));
  RunEvent event{.time = time_of(base::json_string(json, "time")),
                 .type = base::json_string(json, "type"),
                 .job = base::json_string(json, "job"),
                 .step = static_cast<int>(base::json_integer(json, "step")),
                 .kind = kind_of(base::json_string(json, "kind")),
                 .text = base::json_string(json, "text")};
  event.lines = count_lines(event);
  if (event.type.empty()) return base::invalid_input("expected an event of a run, found no `type`");
  for (const char* known : {"time", "type", "job", "step", "kind", "text"}) json.erase(known);
  if (!json.empty()) event.details = std::make_shared<const base::Json>(std::move(json));
  return event;
}

void EventStream::add_reader(Reader reader) {
  const std::lock_guard lock(mutex_);
  readers_.push_back(std::move(reader));
}

void EventStream::publish(RunEvent event) {
  const std::lock_guard lock(mutex_);
  event.time = base::system_clock().now();
  event.lines = count_lines(event);
  for (const auto& reader : readers_) reader(event);
  if (keeper_) keeper_(std::move(event));
}

void EventStream::publish(std::string type, std::string job, std::string text, const base::Json& details) {
  publish({.type = std::move(type),
           .job = std::move(job),
           .text = std::move(text),
           .details = std::make_shared<const base::Json>(details)});
}

}  // namespace runner
