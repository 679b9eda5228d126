#pragma once
// The program's own diagnostics (not a run's log): to stderr, by level. Secrets never come here.

#include <string_view>

namespace base {

enum class LogLevel { debug, info, warning, error };
void set_log_level(LogLevel level);
void log(LogLevel level, std::string_view message);

}  // namespace base
