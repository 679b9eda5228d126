#pragma once
// What the end of a run shows: its jobs and steps, what it built and deployed, its errors, and the last lines
// of the steps that failed. Filled from events; every display for people uses it.

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/json_fwd.h"
#include "runner/log_style.h"
#include "runner/run_event.h"

namespace runner {

struct RunSummary {
  struct StepLine {
    std::string name;
    std::string conclusion;
    double milliseconds = 0;
  };
  struct JobLines {
    std::string job;
    std::string conclusion;
    std::string reason;  ///< why it was skipped
    double milliseconds = 0;
    std::vector<StepLine> steps;
  };
  /// A line of a step's log, printable.
  struct LogLine {
    steps::LineKind kind = steps::LineKind::output;
    std::string text;
  };
  struct FailedStep {
    std::string job;
    std::string step;
    std::deque<LogLine> lines;  ///< its last 50
    std::size_t left_out = 0;   ///< how many came before them
    bool of_runner = false;     ///< shown when it has something to tell
  };

  std::vector<JobLines> jobs;
  std::vector<std::shared_ptr<const base::Json>> images;
  std::shared_ptr<const base::Json> deployment;
  std::shared_ptr<const base::Json> probe;
  std::vector<std::string> errors;        ///< `job: message` of each error annotation
  std::vector<std::string> loose_errors;  ///< those of no step: of the job itself
  std::vector<FailedStep> failures;

  /// The event's job and text must be printable already.
  void take(const RunEvent& event);
  JobLines& job(const std::string& name);

 private:
  std::map<std::pair<std::string, int>, FailedStep> open_steps_;
};

/// How many lines of a failed step are shown at the end.
inline constexpr std::size_t kLinesOfFailure = 50;

/// Texts of several lines, each ended by a newline.
std::string summary_of_jobs(const RunSummary& summary, Color color);
std::string summary_of_results(const RunSummary& summary);
std::string summary_of_errors(const std::vector<std::string>& errors, Color color);
std::string summary_of_failures(const RunSummary& summary, Color color);
/// `success in 4.2s`, and where to look next.
std::string summary_of_end(const RunEvent& run_finished, Color color);

/// Whether a `step_started` is of one of the runner's own steps (steps/step_events.h).
bool is_of_runner(const RunEvent& step_started);
/// Whether a line says what a step was started with.
bool is_opening(steps::LineKind kind);

/// Job and text of an event without what a terminal would obey; names on one line.
RunEvent printable_event(const RunEvent& event);

}  // namespace runner
