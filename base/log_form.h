#pragma once
// How the program's own diagnostics (log) look: lines for people, or an object a line for what collects them.

namespace base {

enum class LogForm { text, json };
/// Before the first line is written by another thread.
void set_log_form(LogForm form);

}  // namespace base
