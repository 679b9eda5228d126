#pragma once
// A reader of the event stream that keeps what steps wrote to GITHUB_STEP_SUMMARY, as one Markdown text of
// the run: 20 of each job, as GitHub shows them. Not for the summary of the run itself (run_summary).

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "runner/run_event.h"

namespace runner {

class StepSummaries {
 public:
  void operator()(const RunEvent& event);
  [[nodiscard]] bool empty() const { return jobs_.empty(); }
  /// A heading for each job, its steps' summaries in their order, and what was left out.
  [[nodiscard]] std::string markdown() const;

 private:
  struct Job {
    std::string name;
    std::vector<std::string> summaries;
    std::size_t left_out = 0;
  };
  std::vector<Job> jobs_;
};

}  // namespace runner
