#include "runner/step_summaries.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"

namespace runner {

namespace {

constexpr std::size_t kSummariesOfJob =
    20;  // docs "Workflow commands": job summaries, step isolation and limits

}  // namespace

void StepSummaries::operator()(const RunEvent& event) {
  if (event.type != "step_summary" || !event.details) return;
  auto found =
      std::find_if(jobs_.begin(), jobs_.end(), [&](const Job& job) { return job.name == event.job; });
  if (found == jobs_.end()) found = jobs_.insert(jobs_.end(), Job{.name = event.job});
  if (found->summaries.size() == kSummariesOfJob) {
    ++found->left_out;
    return;
  }
  found->summaries.push_back(base::json_string(*event.details, "markdown"));
}

std::string StepSummaries::markdown() const {
  std::string text;
  for (const Job& job : jobs_) {
    text += fmt::format("{}## {} summary\n\n", text.empty() ? "" : "\n", job.name);
    for (const std::string& summary : job.summaries) {
      text += summary;
      if (!summary.ends_with('\n')) text += '\n';
    }
    if (job.left_out > 0) {
      text += fmt::format("\n*{} more summaries of this job are not shown: {} is the limit.*\n", job.left_out,
                          kSummariesOfJob);
    }
  }
  return text;
}

}  // namespace runner
