#pragma once
// What the end of a run shows: its jobs and steps, what it built and deployed, its errors, and the last lines
// of the steps that failed. Filled from events; every display for people uses it.

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/json_fwd.h"
#include "runner/kept_lines.h"
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
  struct FailedStep {
    std::string job;
    std::string step;
    KeptLines lines;
    bool of_runner = false;  ///< shown when it has something to tell
  };

  std::vector<JobLines> jobs;
  std::vector<std::shared_ptr<const base::Json>> images;
  std::shared_ptr<const base::Json> deployment;
  std::shared_ptr<const base::Json> probe;
  std::vector<std::string> errors;        ///< `job: message` of each error annotation
  std::vector<std::string> loose_errors;  ///< those of no step: of the job itself
  std::vector<std::string> warnings;      ///< `job: message` of the first ones of jobs, each once
  std::size_t more_warnings = 0;          ///< than these
  std::vector<FailedStep> failures;

  void take(const RunEvent& event);
  JobLines& job(const std::string& name);

 private:
  void take_message(const RunEvent& event);
  void take_warning(const RunEvent& event);

  std::map<std::pair<std::string, int>, FailedStep> open_steps_;
};

/// Texts of several lines, each ended by a newline.
std::string summary_of_jobs(const RunSummary& summary, Color color);
std::string summary_of_results(const RunSummary& summary);
std::string summary_of_errors(const std::vector<std::string>& errors, Color color);
std::string summary_of_warnings(const RunSummary& summary, Color color);
std::string summary_of_failures(const RunSummary& summary, Color color);
/// `success in 4.2s`, and where to look next.
std::string summary_of_end(const RunEvent& run_finished, Color color);

/// Whether a `step_started` is of one of the runner's own steps (steps/step_events.h).
bool is_of_runner(const RunEvent& step_started);
/// The conclusion of a `step_finished`, or kTolerated.
std::string shown_conclusion(const base::Json& step_finished);
/// Whether a line says what a step was started with.
bool is_opening(steps::LineKind kind);

/// Job and text of an event without what a terminal would obey; names on one line.
RunEvent printable_event(const RunEvent& event);

}  // namespace runner
