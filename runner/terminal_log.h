#pragma once
// A reader of the event stream for people: lines as they come, with the job in front, and a summary at the
// end.

#include <cstdio>
#include <map>
#include <string>
#include <utility>

#include "runner/log_style.h"
#include "runner/run_summary.h"

namespace runner {

struct TerminalOptions {
  std::FILE* out = stdout;
  Color color = Color::never;
  bool timestamps = false;    ///< the plain format: ISO-8601 in front of each line, tags as `##[group]`
  bool debug = false;         ///< shows ::debug:: lines and what each step was started with
  std::size_t job_width = 0;  ///< the longest job name; names are padded to it
};

class TerminalLog {
 public:
  explicit TerminalLog(TerminalOptions options);
  void operator()(const RunEvent& event);

 private:
  void show_line(const RunEvent& event);
  [[nodiscard]] bool repeats_heading(const RunEvent& event) const;
  [[nodiscard]] bool is_aside(const RunEvent& event) const;
  void show_output(const RunEvent& event) const;
  void show_heading(const RunEvent& event);
  void show_finished_step(const RunEvent& event, const base::Json& details);
  void put(const std::string& text) const;
  void print(const std::string& job, std::string_view mark, std::string_view text, std::string_view style);
  void print_summary(const RunEvent& event);
  [[nodiscard]] std::string in_style(std::string_view text, std::string_view style) const;

  TerminalOptions options_;
  RunSummary summary_;
  /// Steps that run, by job and number. A step that is skipped never shows a heading.
  struct OpenStep {
    std::string name;
    bool shown = false;
    std::string why_skipped;
    bool of_runner = false;  ///< shown once it has something to tell
  };
  std::map<std::pair<std::string, int>, OpenStep> open_steps_;
  std::map<std::string, int> last_shown_;  ///< of each job, the step that showed something last
};

}  // namespace runner
