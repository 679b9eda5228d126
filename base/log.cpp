#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log_form.h"

namespace base {

namespace {

spdlog::logger& logger() {
  static auto instance = [] {
    auto made =
        std::make_shared<spdlog::logger>("pipeline", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    made->set_level(spdlog::level::warn);
    return made;
  }();
  return *instance;
}

bool& as_json() {
  static bool json = false;
  return json;
}

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

}  // namespace

void set_log_form(LogForm form) {
  as_json() = form == LogForm::json;
  if (as_json()) logger().set_pattern("%v");
}

void set_log_level(LogLevel level) {
  logger().set_level(level_of(level));
}

void log(LogLevel level, std::string_view message) {
  if (!as_json()) return logger().log(level_of(level), "{}", message);
  if (!logger().should_log(level_of(level))) return;
  const auto name = spdlog::level::to_string_view(level_of(level));
  const Json line = {{"time", format_iso8601(system_clock().now())},
                     {"level", std::string(name.data(), name.size())},
                     {"message", message}};
  logger().log(level_of(level), "{}", to_text(line));
}

}  // namespace base
